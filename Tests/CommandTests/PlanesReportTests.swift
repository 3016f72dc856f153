// What info and info --planes print.
import GVTCore
import GVTDisplay
import Testing

@testable import gvt_vnc

@Suite struct PlanesReportTests {
  private var primary: PlaneReport {
    var plane = PlaneReport(.primary)
    (plane.format, plane.modifier) = ("XR24", "LINEAR (0x0)")
    (plane.width, plane.height, plane.strideBytes, plane.x, plane.y) = (640, 480, 2560, 0, 0)
    (plane.buffer, plane.importer) = ("dmabuf 1", "mmap")
    return plane
  }

  private func rows(_ planes: [PlaneReport]) -> [String] {
    let text = PlanesReport(display: "vm1", planes: planes).text
    return text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
  }

  @Test func `a plane that is shown tells format, size, place, buffer and who reads it`() {
    #expect(rows([primary])[1] == "primary XR24 LINEAR (0x0) 640x480 2560 0,0 - dmabuf 1 mmap shown")
  }

  @Test func `a plane without a picture tells why, and how often what went wrong`() {
    var cursor = PlaneReport(.cursor)
    cursor.name = "pipe A"
    cursor.problem = "off"
    cursor.errors = ["EINVAL": 3, "ENOMEM": 1]
    #expect(rows([cursor])[1] == "cursor (pipe A) - - - - - - - - off (3x EINVAL, 1x ENOMEM)")
  }

  @Test func `no planes are a sentence`() {
    #expect(PlanesReport(display: "vm1", planes: []).text == "The source of vm1 has no planes to tell of now.")
  }

  @Test func `a request that is none is answered with what would be one`() {
    let reply = DisplayReply(failure: CommandFailure(.badData, "no"))
    let decoded: DisplayReply? = JSONLine.decode(JSONLine.encode(reply))
    #expect(decoded == reply)
    #expect(decoded?.failure?.failure.status == .badData)
  }
}
