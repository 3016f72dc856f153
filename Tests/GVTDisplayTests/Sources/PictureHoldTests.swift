// How long a picture stays that is not there any more.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct PictureHoldTests {
  /// What a hold of 100 ns answers: whether it keeps the picture, and until when.
  private struct Answer: Equatable {
    var keeps: Bool
    var end: Int64?
  }

  private func ask(_ hold: inout PictureHold, at nanoseconds: Int64) -> Answer {
    let keeps = hold.keeps(at: Instant(nanoseconds: nanoseconds))
    return Answer(keeps: keeps, end: hold.end.map { $0 - Instant(nanoseconds: 0) })
  }

  @Test func `without a picture nothing is kept`() {
    var hold = PictureHold(for: 100)
    #expect(ask(&hold, at: 0) == Answer(keeps: false))
  }

  @Test func `the last picture stays until its time is over, counted from when it was lost`() {
    var hold = PictureHold(for: 100)
    hold.show()
    #expect(hold.end == nil)
    #expect(ask(&hold, at: 1000) == Answer(keeps: true, end: 1100))
    #expect(ask(&hold, at: 1099) == Answer(keeps: true, end: 1100))
    #expect(hold.hasPicture)
    #expect(ask(&hold, at: 1100) == Answer(keeps: false))
    #expect(!hold.hasPicture)
    #expect(ask(&hold, at: 1101) == Answer(keeps: false))
  }

  @Test func `a picture that comes back begins anew`() {
    var hold = PictureHold(for: 100)
    hold.show()
    #expect(ask(&hold, at: 0) == Answer(keeps: true, end: 100))
    hold.show()
    #expect(ask(&hold, at: 500) == Answer(keeps: true, end: 600))
    hold.drop()
    #expect(ask(&hold, at: 501) == Answer(keeps: false))
  }
}
