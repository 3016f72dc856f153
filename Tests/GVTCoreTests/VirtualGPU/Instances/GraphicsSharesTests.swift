// How many vGPUs a GPU can be, and how a refusal is worded.
import GVTCore
import Testing

struct GraphicsSharesTests {
  private func type(_ name: String) throws -> InstanceType { try InstanceType(named: "i915-GVTg_" + name) }

  @Test(arguments: [("V5_8", 7), ("V5_4", 5), ("V5_2", 2), ("V5_1", 1), ("V4_8", 7), ("V4_4", 5)])
  func `a whole GPU is so many of one type`(_ name: String, _ count: Int) throws {
    var held: [InstanceType] = []
    while InstanceBudget(holding: held).refusal(of: try type(name)) == nil { held.append(try type(name)) }
    #expect(held.count == count)
    #expect(InstanceBudget(holding: []).count(of: try type(name)) == count)
  }

  @Test func `types of both generations share one GPU`() throws {
    let budget = InstanceBudget(holding: [try type("V4_1"), try type("V5_4")])
    #expect(budget.free == GraphicsShares(lowMegabytes: 256, highMegabytes: 128, fences: 20))
    #expect(InstanceType.all.allSatisfy { budget.count(of: $0) == 0 })
  }

  @Test func `a refusal says what would still fit`() throws {
    let budget = InstanceBudget(holding: try ["V5_2", "V5_4", "V5_8"].map(type))
    #expect(
      budget.refusal(of: try type("V5_2")) == """
        no i915-GVTg_V5_2 is free: it takes 256 MiB of mappable and 1024 MiB of hidden graphics memory, and of those 448 \
        MiB and 768 MiB are left; 2 of i915-GVTg_V5_8 or 1 of i915-GVTg_V5_4 would still fit
        """)
    #expect(budget.refusal(of: try type("V5_4")) == nil)
  }

  @Test func `a GPU that is given away offers nothing`() throws {
    let budget = InstanceBudget(holding: try ["V5_1", "V5_4"].map(type))
    #expect(budget.refusal(of: try type("V5_8"))?.hasSuffix("no other type would fit either") == true)
    let seven = InstanceBudget(holding: Array(repeating: try type("V5_8"), count: 7))
    #expect(
      seven.refusal(of: try type("V5_8")) == "there are 7 vGPUs already, and a GPU is never more than 7")
  }

  @Test func `Windows 7's driver takes all types but the smallest`() {
    let refused = InstanceType.all.filter { !GuestSystem.windows7.accepts($0) }.map(\.divisor)
    #expect(refused == [8, 8])
  }
}
