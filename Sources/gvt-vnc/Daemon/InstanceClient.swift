// Asks a running vGPU something over its control socket.
import Foundation
import GVTCore
import GVTDisplay

struct InstanceClient {
  private static let timeoutSeconds = 10

  let instance: InstanceRecord

  init(_ instance: InstanceRecord) { self.instance = instance }

  /// The running vGPU of that name.
  init(named name: String, in places: Places) throws(CommandFailure) {
    let instances = try Self.instances(in: places)
    guard let instance = instances.first(where: { $0.name == name }) else {
      let known = instances.map(\.name).joined(separator: ", ")
      throw CommandFailure(
        .missingInput,
        "there is no vGPU called \"\(name)\"; \(known.isEmpty ? "none runs" : "those that run are \(known)")")
    }
    self.init(instance)
  }

  /// All vGPUs that run.
  static func instances(in places: Places) throws(CommandFailure) -> [InstanceRecord] {
    do throws(SystemFailure) {
      return try InstanceFolder(in: places.run).instances()
    } catch {
      throw CommandFailure(error, to: "look at the vGPUs in \(places.run)")
    }
  }

  /// Sends a request, with a descriptor if it needs one, and waits for its answer.
  func ask(_ request: InstanceRequest, with file: SharedDescriptor? = nil) throws(CommandFailure) -> InstanceReply {
    let line: String
    do throws(SystemFailure) {
      line = try LineClient.ask(
        JSONLine.encode(request), with: file, at: instance.control, timeoutSeconds: Self.timeoutSeconds)
    } catch {
      throw Self.failure(error, instance)
    }
    guard let reply: InstanceReply = JSONLine.decode(line) else {
      throw CommandFailure(.unavailable, "what listens at \(instance.control) is no vGPU of gvt-vnc")
    }
    if let sentence = reply.failure { throw CommandFailure(.unavailable, "\(instance.name): \(sentence)") }
    return reply
  }

  private static func failure(_ failure: SystemFailure, _ instance: InstanceRecord) -> CommandFailure {
    switch failure.code {
    case ENOENT, ECONNREFUSED: CommandFailure(.unavailable, "\(instance.name) takes no orders at \(instance.control)")
    case EAGAIN, ECONNRESET:
      CommandFailure(.unavailable, "\(instance.name) (process \(instance.process)) does not answer")
    default: CommandFailure(failure, to: "ask \(instance.name)")
    }
  }
}
