// A vGPU's second socket, for the VM that is to take over from the one that is shown.
import GVTCore

/// A vGPU like the one that is shown, of the same instance, that waits for a VM. It is shown when its time has come.
final class SuccessorVGPU {
  let vgpu: AttachedVGPU
  private(set) var isConnected: Bool
  private let loop: EventLoop

  /// Where it listens while `path` is taken.
  static func path(beside path: String) -> String { path + ".next" }

  /// `changed` is called when a VM has come or gone.
  init(_ vgpu: AttachedVGPU, isConnected: Bool, on loop: EventLoop, changed: @escaping () -> Void)
    throws(SystemFailure)
  {
    self.vgpu = vgpu
    self.isConnected = isConnected
    self.loop = loop
    try loop.watch(vgpu.news.wakeUp.descriptor) { [weak self] _ in
      if self?.takeNews() == true { changed() }
    }
  }

  /// Its news are its taker's from now on.
  func leave() { loop.unwatch(vgpu.news.wakeUp.descriptor) }

  private func takeNews() -> Bool {
    let wasConnected = isConnected
    for event in vgpu.news.take().events {
      switch event {
      case .connected: isConnected = true
      case .disconnected: isConnected = false
      case .memoryChanged, .warning: break
      }
    }
    return isConnected != wasConnected
  }
}
