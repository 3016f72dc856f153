// Stands in for the PCI function and the vfio-user server of GVTCore until they are there: listens to nobody.
import GVTCore

final class PCIFunction {
  let device: VirtualGPUDevice

  init(
    _ configuration: VirtualGPUConfiguration, onEffect: @escaping @Sendable (VirtualGPU.Effect) -> Void
  ) throws(SystemFailure) {
    device = try VirtualGPUDevice(
      configuration, memory: GuestMemory(), table: try TranslationTable(), onEffect: onEffect)
  }
}

final class VFIOUserServer {
  enum Event: Sendable {
    case connected
    case disconnected(String)
    case memoryChanged
    case warning(String)
  }

  init(path: String, function: PCIFunction, onEvent: @escaping @Sendable (Event) -> Void) {}
  func start() {}
  func stop() {}
}
