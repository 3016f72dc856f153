// The messages by which a client learns what the device is, and sets up memory and interrupts.
import Glibc

extension ClientSession {
  // MARK: - Memory

  mutating func map(_ body: Body, _ descriptors: [SharedDescriptor]) throws(Refusal) {
    let region = try maps.add(try MapRequest(body), descriptors.first)
    guard let region else { return }
    function.device.changeMemory { $0.add(region) }
    memoryChanged = true
  }

  mutating func unmap(_ body: Body) throws(Refusal) {
    let range = try maps.remove(try UnmapRequest(body))
    function.device.changeMemory { $0.remove(range) }
    function.memoryAccess.releaseWindows()
    memoryChanged = true
    append(bytes: Array(body.bytes[body.place(0)..<body.place(UnmapRequest.byteCount)]))
  }

  mutating func reset() {
    function.reset()
    migration.reset(function)
  }

  // MARK: - Descriptions

  mutating func describeDevice(_ body: Body) throws(Refusal) {
    _ = try Self.room(body, atLeast: 16)
    append(UInt32(16))
    // VFIO_DEVICE_FLAGS_RESET and _PCI.
    append(UInt32(3))
    append(UInt32(PCIRegion.count))
    append(UInt32(InterruptLines.Kind.allCases.count))
  }

  mutating func describeRegion(_ body: Body) throws(Refusal) {
    let room = try Self.room(body, atLeast: 32)
    try body.require(12)
    let index = body.number(UInt32.self, at: 8)
    guard index < PCIRegion.count else { throw Refusal(EINVAL, "a question for a region that does not exist") }
    let region = PCIRegion(rawValue: Int(index))
    let mappable = region?.mappable
    let byteCount = region.map { function.byteCount(of: $0) } ?? 0
    let access = region == .rom ? 1 : 3
    let needed = 32 + (mappable == nil ? 0 : 32)
    append(UInt32(needed))
    // VFIO_REGION_INFO_FLAG_READ, _WRITE, _MMAP, _CAPS.
    append(UInt32((byteCount == 0 ? 0 : access) | (mappable == nil ? 0 : 0xc)))
    append(index)
    // Also if the capability does not fit into this answer: QEMU asks again only if it is told where it will be.
    append(UInt32(mappable == nil ? 0 : 32))
    append(UInt64(byteCount))
    append(UInt64(0))
    guard let region, let mappable else { return }
    replyDescriptor = function.file(behind: region)
    guard room >= needed else { return }
    // VFIO_REGION_INFO_CAP_SPARSE_MMAP, version 1, the last one; one area.
    append(UInt16(1))
    append(UInt16(1))
    append(UInt32(0))
    append(UInt32(1))
    append(UInt32(0))
    append(UInt64(mappable.lowerBound))
    append(UInt64(mappable.count))
  }

  mutating func describeInterrupts(_ body: Body) throws(Refusal) {
    _ = try Self.room(body, atLeast: 16)
    try body.require(12)
    let index = body.number(UInt32.self, at: 8)
    let kind = try Self.kind(index)
    append(UInt32(16))
    // VFIO_IRQ_INFO_EVENTFD, _MASKABLE, _AUTOMASKED, _NORESIZE.
    let flags: UInt32 =
      switch kind {
      case .pin: 1 | 2 | 4
      case .message: 1 | 8
      case .messageX, .error, .request: 1
      }
    append(flags)
    append(index)
    append(UInt32(kind.count))
  }

  /// The size of answer that the client has room for, which stands first in such questions.
  static func room(_ body: Body, atLeast least: Int) throws(Refusal) -> Int {
    try body.require(4)
    let room = Int(body.number(UInt32.self, at: 0))
    guard room >= least else { throw Refusal(EINVAL, "a question with too little room for its answer") }
    return room
  }

  // MARK: - Interrupts

  mutating func setInterrupts(_ body: Body, _ descriptors: [SharedDescriptor]) throws(Refusal) {
    let request = try InterruptRequest(body)
    let kind = try Self.kind(request.index)
    let (end, overflow) = request.start.addingReportingOverflow(request.count)
    guard !overflow, end <= kind.count else { throw Refusal(EINVAL, "interrupts that the device does not have") }
    if request.count == 0 {
      guard request.payload == .none, request.action == .trigger, request.start == 0 else {
        throw Refusal(EINVAL, "a change to no interrupts")
      }
      return function.setInterrupt(kind, nil)
    }
    // All that is left is the one interrupt of a kind.
    switch request.payload {
    case .none: act(request.action, on: kind)
    case .flags:
      try body.require(InterruptRequest.byteCount + 1)
      if body.number(UInt8.self, at: InterruptRequest.byteCount) != 0 { act(request.action, on: kind) }
    case .events:
      guard descriptors.count <= 1, descriptors.allSatisfy(EventDescriptor.isEvent) else {
        throw Refusal(EINVAL, "interrupts with descriptors that are no events, or too many")
      }
      guard request.action == .trigger else { throw Refusal(ENOTSUP, "events for masked interrupts") }
      // None takes away the one that was there.
      function.setInterrupt(kind, descriptors.first)
    }
  }

  private func act(_ action: InterruptRequest.Action, on kind: InterruptLines.Kind) {
    switch (action, kind) {
    case (.trigger, .pin), (.trigger, .message): function.interrupts.raise()
    case (.mask, .pin): function.interrupts.setPinMasked(true)
    case (.unmask, .pin): function.unmaskPin()
    // A message interrupt has no mask bits here, and of the other kinds none is ever raised.
    case (.trigger, _), (.mask, _), (.unmask, _): break
    }
  }

  private static func kind(_ index: UInt32) throws(Refusal) -> InterruptLines.Kind {
    guard let kind = InterruptLines.Kind(rawValue: Int(index)) else {
      throw Refusal(EINVAL, "a kind of interrupt that does not exist")
    }
    return kind
  }
}
