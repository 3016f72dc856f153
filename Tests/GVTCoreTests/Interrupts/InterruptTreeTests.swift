// The interrupt controller by itself.
import GVTCore
import Testing

@Suite struct InterruptTreeTests {
  private let bank = InterruptBank.pipe(.b)

  @Test func `an event goes through mask, enable and master`() {
    var tree = InterruptTree()
    tree.latch(1, in: bank)
    #expect(tree[.identity(bank)] == 0, "everything is masked at first")
    tree[.mask(bank)] = ~1
    tree.latch(0xff, in: bank)
    #expect(tree[.identity(bank)] == 1)
    #expect(tree[.master] == 0)
    tree[.enable(bank)] = 1
    #expect(tree[.master] == 1 << 17)
    #expect(!tree.isPending)
    tree[.master] = .max
    #expect(tree[.master] == 1 << 31 | 1 << 17)
    #expect(tree.isPending)
    tree[.identity(bank)] = 0
    #expect(!tree.isPending)
  }

  @Test func `banks do not disturb each other`() {
    var tree = InterruptTree()
    tree[.mask(.pipe(.a))] = 0
    tree.latch(1, in: .pipe(.a))
    for other in InterruptBank.allCases where other != .pipe(.a) { #expect(tree[.identity(other)] == 0) }
    #expect(tree[.identity(.pipe(.a))] == 1)
    #expect(tree[.status(.pipe(.a))] == 0)
  }

  @Test func `flips are the bits above the vblank's`() {
    #expect(PipeInterrupts.vblank.rawValue == 1)
    #expect((1...4).map { PlaneArrangement.universal.flipDone(plane: $0).rawValue } == [8, 16, 32, 64])
    #expect((1...2).map { PlaneArrangement.primaryAndSprite.flipDone(plane: $0).rawValue } == [16, 32])
  }

  private static let banks: [(InterruptBank, Int, UInt32, UInt32)] = [
    (.renderAndBlitter, 0x4_4300, 1 << 0, 1 << 1), (.video, 0x4_4310, 1 << 2, 1 << 3),
    (.powerManagement, 0x4_4320, 1 << 4, 1 << 5), (.videoEnhancement, 0x4_4330, 1 << 6, 1 << 6),
    (.pipe(.a), 0x4_4400, 1 << 16, 1 << 16), (.pipe(.c), 0x4_4420, 1 << 18, 1 << 18),
    (.port, 0x4_4440, 1 << 20, 1 << 20), (.miscellaneous, 0x4_4460, 1 << 22, 1 << 22),
    (.powerControl, 0x4_44e0, 1 << 30, 1 << 30), (.south, 0xc_4000, 1 << 23, 1 << 23),
  ]

  @Test(arguments: banks)
  func `each half of a bank has its bit in the master register`(
    bank: InterruptBank, offset: Int, low: UInt32, high: UInt32
  ) {
    var tree = InterruptTree()
    #expect(MMIO.interruptStatus(bank) == offset)
    tree[.mask(bank)] = 0
    tree[.enable(bank)] = .max
    tree.latch(0x100, in: bank)
    #expect(tree[.master] == low)
    tree[.identity(bank)] = 0
    tree.latch(0x100_0000, in: bank)
    #expect(tree[.master] == high)
  }

  @Test func `every bank is kept apart from the others`() {
    #expect(Set(InterruptBank.allCases.map(MMIO.interruptStatus)).count == InterruptBank.allCases.count)
    var tree = InterruptTree()
    for (number, bank) in InterruptBank.allCases.enumerated() { tree[.enable(bank)] = UInt32(number) }
    #expect(InterruptBank.allCases.map { tree[.enable($0)] } == InterruptBank.allCases.indices.map { UInt32($0) })
  }

  @Test func `a live status shows levels, which raise nothing by themselves`() {
    var tree = InterruptTree()
    tree[.mask(.south)] = 0
    tree[.enable(.south)] = .max
    tree[.master] = InterruptTree.masterEnable
    tree.show(1 << 21, in: .south)
    #expect(tree[.status(.south)] == 1 << 21)
    tree[.status(.south)] = 0
    #expect(tree[.status(.south)] == 1 << 21)
    #expect(!tree.isPending)
  }
}
