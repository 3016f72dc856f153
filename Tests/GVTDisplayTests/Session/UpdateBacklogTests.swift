// What a viewer is sent, and what it still has to get.
import GVTCore
import Testing

@testable import GVTDisplay

@Suite struct UpdateBacklogTests {
  private let size = PixelSize(width: 200, height: 150)

  /// A viewer that has everything.
  private func served() -> UpdateBacklog {
    var backlog = UpdateBacklog(size: size)
    backlog.request(size.bounds, isIncremental: true)
    _ = backlog.take()
    return backlog
  }

  private func damage(_ rects: PixelRect...) -> Damage {
    var tiles = TileSet(size: size)
    var bounds = PixelRect.empty
    for rect in rects {
      tiles.insert(tilesTouching: rect)
      bounds = bounds.union(rect)
    }
    return Damage(tiles: tiles, bounds: bounds)
  }

  @Test func `a new viewer is due nothing before it asks`() {
    var backlog = UpdateBacklog(size: size)
    backlog.add(.everything(of: size))
    #expect(!backlog.isDue)
    let taken = backlog.take()
    #expect(taken == nil)
  }

  @Test func `a full request is answered with the whole picture`() throws {
    var backlog = UpdateBacklog(size: size)
    backlog.request(size.bounds, isIncremental: false)
    let partTaken = backlog.take()
    let part = try #require(partTaken)
    #expect(part.tiles == .all(of: size))
    #expect(part.clip == size.bounds)
    #expect(backlog.wanted == nil)
  }

  @Test func `a new viewer that asks for changes gets everything`() throws {
    var backlog = UpdateBacklog(size: size)
    backlog.request(size.bounds, isIncremental: true)
    let taken = backlog.take()
    #expect(taken?.tiles == .all(of: size))
  }

  @Test func `an incremental request waits for a change and gets only that`() throws {
    var backlog = served()
    backlog.request(size.bounds, isIncremental: true)
    #expect(!backlog.isDue)
    backlog.add(damage(PixelRect(x: 70, y: 10, width: 8, height: 16)))
    let partTaken = backlog.take()
    let part = try #require(partTaken)
    #expect(part.tiles.count == 1)
    #expect(part.tiles.contains(column: 1, row: 0))
    #expect(part.clip == PixelRect(x: 70, y: 10, width: 8, height: 16))
  }

  @Test func `changes pile up while the viewer is busy`() throws {
    var backlog = served()
    backlog.add(damage(PixelRect(x: 0, y: 0, width: 1, height: 1)))
    backlog.add(damage(PixelRect(x: 199, y: 149, width: 1, height: 1)))
    backlog.request(size.bounds, isIncremental: true)
    let partTaken = backlog.take()
    let part = try #require(partTaken)
    #expect(part.tiles.count == 2)
    #expect(part.clip == size.bounds)
  }

  @Test func `what lies outside the requested rectangle stays due`() throws {
    var backlog = served()
    backlog.add(.everything(of: size))
    backlog.request(PixelRect(x: 0, y: 0, width: 100, height: 64), isIncremental: true)
    let partTaken = backlog.take()
    let part = try #require(partTaken)
    #expect(part.clip == PixelRect(x: 0, y: 0, width: 100, height: 64))
    backlog.request(size.bounds, isIncremental: true)
    let restTaken = backlog.take()
    let rest = try #require(restTaken)
    #expect(!rest.tiles.contains(column: 0, row: 0), "this tile was sent as a whole")
    #expect(rest.tiles.contains(column: 1, row: 0), "this tile was sent in part")
    #expect(rest.tiles.contains(column: 0, row: 1))
  }

  @Test func `a resize keeps a waiting request and makes everything due`() throws {
    var backlog = served()
    backlog.request(size.bounds, isIncremental: true)
    let larger = PixelSize(width: 300, height: 300)
    backlog.resize(to: larger)
    let partTaken = backlog.take()
    let part = try #require(partTaken)
    #expect(part.tiles == .all(of: larger))
  }

  @Test func `damage of a larger frame reaches a viewer that kept its old size`() throws {
    var backlog = served()
    backlog.request(size.bounds, isIncremental: true)
    backlog.add(.everything(of: PixelSize(width: 400, height: 400)))
    let partTaken = backlog.take()
    let part = try #require(partTaken)
    #expect(part.clip == size.bounds)
  }

  @Test func `continuous updates want without being asked`() throws {
    var backlog = served()
    backlog.continuous = size.bounds
    backlog.add(damage(PixelRect(x: 5, y: 5, width: 5, height: 5)))
    let taken = backlog.take()
    #expect(taken != nil)
    #expect(backlog.wanted == size.bounds)
    #expect(!backlog.isDue)
  }

  @Test(arguments: [
    PixelRect(x: 500, y: 500, width: 10, height: 10), PixelRect(x: 0, y: 0, width: 0, height: 0),
    PixelRect(x: 65535, y: 65535, width: 65535, height: 65535),
  ])
  func `a request for nothing is harmless`(rect: PixelRect) {
    var backlog = served()
    backlog.request(rect, isIncremental: false)
    backlog.add(.everything(of: size))
    let taken = backlog.take()
    #expect(taken == nil)
  }
}
