// What viewers' lists of encodings mean.
import GVTDisplay
import Testing

@Suite struct EncodingSettingsTests {
  @Test func `without a quality there is no JPEG`() {
    #expect(EncodingSettings(encodings: [7, 16, 5, 0, -239, -224, -768]).jpegQuality == nil)
  }

  @Test(
    arguments: zip(
      Array(Int32(-32)...(-23)),
      [
        (15, ChromaSubsampling.quarter), (29, .quarter), (41, .quarter), (42, .half), (62, .half), (77, .half),
        (79, .none), (86, .none), (92, .none), (100, .none),
      ]))
  func `the ten levels mean what they mean to TigerVNC`(_ code: Int32, _ meant: (Int, ChromaSubsampling)) {
    let settings = EncodingSettings(encodings: [7, code])
    #expect(settings.jpegQuality == meant.0)
    #expect(settings.subsampling == meant.1)
  }

  @Test func `a fine quality and a subsampling count before a coarse quality, wherever they stand`() {
    for encodings in [[-26, -512 + 95, -767], [-767, -512 + 95, -26]] as [[Int32]] {
      let settings = EncodingSettings(encodings: encodings)
      #expect(settings.jpegQuality == 95)
      #expect(settings.subsampling == .quarter)
    }
  }

  @Test(
    arguments: zip(
      [-768, -767, -766, -765, -764, -763],
      [ChromaSubsampling.none, .quarter, .half, .grey, .quarter, .quarter]))
  func `subsampling levels are known`(_ code: Int32, _ meant: ChromaSubsampling) {
    #expect(EncodingSettings(encodings: [-23, code]).subsampling == meant)
  }

  @Test func `fine quality and compression keep to their ranges`() {
    #expect(EncodingSettings(encodings: [-512]).jpegQuality == 1)
    #expect(EncodingSettings(encodings: [-412]).jpegQuality == 100)
    #expect(EncodingSettings(encodings: [-411]).jpegQuality == nil)
    #expect(EncodingSettings(encodings: [-256]).compressionLevel == 0)
    #expect(EncodingSettings(encodings: [-247]).compressionLevel == 9)
    #expect(EncodingSettings(encodings: [.min, .max, -246, -257]) == EncodingSettings(jpegQuality: nil))
  }
}
