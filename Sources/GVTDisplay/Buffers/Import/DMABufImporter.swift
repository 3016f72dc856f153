// Chooses how the bytes of a source's dmabufs are reached: by trying, in one order, and remembering.
package import GVTCore
package import Logging

/// One per source, on its display's thread.
package final class DMABufImporter {
  /// Buffers of one kind are read in one way.
  private struct Kind: Hashable {
    var driver: String
    var modifier: UInt64?
  }

  private let reading: BufferReading
  private let driver: String
  private let logger: Logger
  private let loop: EventLoop
  /// In the order of ``ImportMethod``.
  private let ways: [any BufferAccess]
  private var whatWorked: [Kind: ImportMethod] = [:]
  private var told: Set<String> = []

  /// - Parameters:
  ///   - driver: the name of what made the buffers, such as `i915`, `vkms` or `mbochs`
  ///   - device: the path in /sys of the device that it drives, if known: its render node is the one to read with
  ///   - ready: called on the display's thread when a picture that was on its way has arrived
  package convenience init(
    reading: BufferReading, driver: String, device: String?, root: HostRoot = .this, logger: Logger,
    ready: @escaping () -> Void, on loop: EventLoop
  ) {
    let node = Result { () throws(BufferFailure) in
      try RenderNode.path(reading, driver: driver, device: device, in: root)
    }
    let aperture = Result { () throws(BufferFailure) in
      try ApertureAccess.node(reading, driver: driver, device: device, in: root)
    }
    self.init(
      reading: reading, driver: driver,
      ways: [
        MappedAccess(), GPUAccess(node: node, logger: logger, ready: ready, on: loop), ApertureAccess(node: aperture),
      ], logger: logger, on: loop)
  }

  init(reading: BufferReading, driver: String, ways: [any BufferAccess], logger: Logger, on loop: EventLoop) {
    self.reading = reading
    self.driver = driver
    self.ways = ways
    self.logger = logger
    self.loop = loop
  }

  /// Makes a dmabuf readable. Throws when its description is impossible or no way is left to try; what only EGL can read
  /// is thrown by ``ImportedPlane/refreshed()``.
  package func plane(
    _ dmabuf: consuming OwnedDescriptor, as description: DMABufDescription
  ) throws(BufferFailure) -> ImportedPlane {
    try ImportedPlane(try ImportRequest(dmabuf, as: description), of: self)
  }

  /// Lets go of the GPU. Planes that are still there give nothing any more.
  package func stop() {
    for way in ways { way.stop() }
  }

  var now: Instant { loop.now }

  /// The ways to try, what worked for such a buffer before first.
  func accesses(for request: ImportRequest) -> [any BufferAccess] {
    let wanted = ways.filter { reading.method == nil || $0.method == reading.method }
    guard let known = whatWorked[kind(of: request)] else { return wanted }
    return wanted.filter { $0.method == known } + wanted.filter { $0.method != known }
  }

  func note(success method: ImportMethod, for request: ImportRequest) {
    let kind = kind(of: request)
    guard whatWorked[kind] != method else { return }
    whatWorked[kind] = method
    logger.info("\(driver)'s buffers, \(request.name), are read by \(method.rawValue)")
  }

  /// The failure that says most when no way reads a buffer: the GPU is asked after the CPU, and the aperture is what is
  /// left when the GPU refuses.
  func judge(_ failures: [ImportFailure], of request: ImportRequest) -> BufferFailure {
    let telling = failures.first { $0.method == .egl } ?? failures.last
    for failure in failures {
      let line =
        "\(driver)'s buffers, \(request.name), cannot be read by \(failure.method.rawValue): "
        + failure.reason.sentence
      if told.count < 64, told.insert(line).inserted { logger.warning("\(line)") }
    }
    guard let telling else { return .notMappable }
    guard let only = reading.method else { return telling.reason }
    return .onlyMethod(only, telling.reason)
  }

  private func kind(of request: ImportRequest) -> Kind {
    Kind(driver: driver, modifier: request.statedModifier)
  }
}
