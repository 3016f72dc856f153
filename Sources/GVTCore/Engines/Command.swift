// The engines' commands: how long each is, and the few that do something without a renderer (PRM Vol 2a).

/// A command's first word, told apart.
struct Command: Equatable {
  /// What a command amounts to here.
  enum Operation: Equatable {
    /// Drawing, state, and whatever else nobody can see: passed over.
    case skip
    case userInterrupt
    case batchEnd
    case batchStart
    case semaphoreWait
    case storeData
    case storeDataIndex
    case loadRegisterImmediate
    case storeRegister
    case loadRegister
    case flush
    case pipeControl
  }

  let header: UInt32
  let operation: Operation
  /// In words.
  let length: Int

  init(_ header: UInt32, on engine: Engine) {
    self.header = header
    switch header >> 29 {
    case 0:
      let opcode = header >> 23 & 0x3f
      operation = Self.operations[opcode] ?? .skip
      length = opcode < 0x10 ? 1 : Int(header & (Self.shortLengths.contains(opcode) ? 0x3f : 0xff)) + 2
    case 2:
      operation = .skip
      length = Int(header & 0xff) + 2
    case 3:
      operation = header >> 16 == 0x7a00 ? .pipeControl : .skip
      length = Self.renderLength(header, on: engine)
    default:
      operation = .skip
      length = 1
    }
  }

  /// Whether its address is a global one.
  var isGlobal: Bool { header >> 22 & 1 == 1 }

  private static let operations: [UInt32: Operation] = [
    0x02: .userInterrupt, 0x0a: .batchEnd, 0x1c: .semaphoreWait, 0x20: .storeData, 0x21: .storeDataIndex,
    0x22: .loadRegisterImmediate, 0x24: .storeRegister, 0x26: .flush, 0x29: .loadRegister, 0x31: .batchStart,
  ]

  /// MI_FLUSH_DW, MI_CLFLUSH and MI_CONDITIONAL_BATCH_BUFFER_END, whose bits 6 and 7 are flags.
  private static let shortLengths: Set<UInt32> = [0x26, 0x27, 0x36]

  private static func renderLength(_ header: UInt32, on engine: Engine) -> Int {
    switch header >> 16 {
    // 3DSTATE_VF_STATISTICS and PIPELINE_SELECT are of one word.
    case 0x680b, 0x6904: return 1
    // GPGPU_WALKER has flags above its length.
    case 0x7105: return Int(header & 0xff) + 2
    default:
      // Media commands are longer than others, and on the video engine have flags from bit 12 on.
      let mask: UInt32 = header >> 27 & 3 == 2 ? (engine == .video ? 0xfff : 0xffff) : 0xff
      return Int(header & mask) + 2
    }
  }
}
