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
    #expect(InterruptBank.allCases.map { tree[.identity($0)] } == [1, 0, 0])
    #expect(tree[.status(.pipe(.a))] == 0)
  }

  @Test func `flips are the bits above the vblank's`() {
    #expect(PipeInterrupts.vblank.rawValue == 1)
    #expect((1...4).map { PlaneArrangement.universal.flipDone(plane: $0).rawValue } == [8, 16, 32, 64])
    #expect((1...2).map { PlaneArrangement.primaryAndSprite.flipDone(plane: $0).rawValue } == [16, 32])
  }
}
