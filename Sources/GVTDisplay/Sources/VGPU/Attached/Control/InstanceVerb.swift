// What can be asked of a running vGPU: one table for its control socket, the commands that use it, and their help.
import GVTCore
import Logging

/// A verb of a vGPU's control socket.
package struct InstanceVerb: Sendable {
  /// What a verb needs: the request, a descriptor that came along, and a way to answer, once, now or later.
  struct Order {
    let request: InstanceRequest
    let file: SharedDescriptor?
    let reply: (InstanceReply) -> Void
  }

  package let name: String
  package let summary: String
  /// Runs on the display's thread, where it must not wait.
  let act: @Sendable (VGPUSource, Order) -> Void

  package static let all: [InstanceVerb] = [status, reset, hold, release, save, restore, handover, help]

  package static let status = InstanceVerb(name: "status", summary: "how the vGPU is doing") { source, order in
    order.reply(InstanceReply(status: source.instanceStatus))
  }

  package static let reset = InstanceVerb(
    name: "reset", summary: "the device back to power-on, as if its reset line had been pulled"
  ) { source, order in
    guard let vgpu = source.vgpu else { return order.reply(InstanceReply(failure: "the vGPU is not running")) }
    source.logger.notice("the vGPU is reset by command")
    vgpu.reset()
    order.reply(InstanceReply())
  }

  package static let help = InstanceVerb(name: "help", summary: "these lines") { _, order in
    let lines = InstanceVerb.all.map { ($0.name, $0.summary) }
    order.reply(InstanceReply(verbs: Dictionary(uniqueKeysWithValues: lines)))
  }
}
