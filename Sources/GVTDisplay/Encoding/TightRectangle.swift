// Writes rectangles in Tight encoding (rfbproto, Tight Encoding), each of which any viewer can decode at any time.
import GVTCore

/// Writes rectangles, header included, to a worker's output. Zlib data always uses stream 0 and resets it first.
@safe final class TightWriter {
  /// rfbproto: "If the size of the data after applying the filter but before the compression is less then 12, then the
  /// data is sent as is".
  private static let smallestCompressed = 12
  /// Bits 7-4 of the control byte name the method, bit 0 resets stream 0.
  private enum Control {
    static let copyFilter: UInt8 = 0x01
    static let explicitFilter: UInt8 = 0x41
    static let fill: UInt8 = 0x80
    static let jpeg: UInt8 = 0x90
  }
  private static let paletteFilter: UInt8 = 1
  private static let gradientFilter: UInt8 = 2

  let output = OutputBuffer()
  private(set) var rectangleCount = 0
  private let deflater = Deflater()
  private let jpegCompressor = JPEGCompressor()
  private let scratch = ScratchBuffer()

  func beginBand() {
    output.removeAll()
    rectangleCount = 0
  }

  func fill(_ rect: PixelRect, colour: UInt32) {
    header(rect)
    output.append(Control.fill)
    output.append(colour: colour)
  }

  /// `indices` is the palette number of the rectangle's first pixel; rows are `indexStride` bytes apart.
  func indexed(
    _ rect: PixelRect, _ palette: Palette, _ colours: ColourSet, indices: UnsafePointer<UInt8>, indexStride: Int,
    effort: Effort
  ) {
    let numbers = colours.numbers
    precondition(numbers.count >= 2, "one colour is a fill")
    header(rect)
    output.append(Control.explicitFilter)
    output.append(Self.paletteFilter)
    output.append(UInt8(numbers.count - 1))
    for number in numbers { output.append(colour: palette[number]) }
    let data = unsafe IndexedRows(first: indices, stride: indexStride, width: rect.width, height: rect.height)
    if numbers.count == 2 {
      let count = (rect.width + 7) / 8 * rect.height
      let packed = unsafe scratch.reserve(count)
      unsafe data.pack(zero: UInt8(numbers[0]), one: UInt8(numbers[1]), to: packed)
      unsafe compressedIndices(packed, count: count, effort: effort)
    } else if numbers.count == palette.count, data.isContiguous {
      unsafe compressedIndices(indices, count: rect.area, effort: effort)
    } else {
      let gathered = unsafe scratch.reserve(rect.area)
      unsafe data.gather(to: gathered, renumbering: numbers.count == palette.count ? nil : numbers)
      unsafe compressedIndices(gathered, count: rect.area, effort: effort)
    }
  }

  func trueColour(_ rect: PixelRect, _ block: PixelBlock) {
    header(rect)
    output.append(Control.copyFilter)
    let packed = unsafe scratch.reserve(rect.area * 3)
    for y in 0..<block.height { unsafe block.packRow(y, to: packed + y * block.width * 3) }
    unsafe compressedSamples(packed, count: rect.area * 3, filtered: false)
  }

  /// True colour as differences from what the neighbours to the left and above predict: a third less than without for
  /// photographs.
  func gradient(_ rect: PixelRect, _ block: PixelBlock) {
    header(rect)
    output.append(Control.explicitFilter)
    output.append(Self.gradientFilter)
    let row = block.width * 3
    let differences = unsafe scratch.reserve(row * block.height)
    // Two rows of samples in turn, each behind a pixel of zeros, and a row of zeros above the first.
    let margin = 3
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * (row + margin)) { samples in
      guard var above = samples.baseAddress else { return }
      unsafe above.initialize(repeating: 0, count: 2 * (row + margin))
      var current = unsafe above + row + margin
      for y in 0..<block.height {
        unsafe block.packRow(y, to: current + margin)
        unsafe predict(current, above, row, to: differences + y * row)
        unsafe swap(&above, &current)
      }
    }
    unsafe compressedSamples(differences, count: row * block.height, filtered: true)
  }

  /// `current` and `above` begin with the pixel left of the first. Plain enough for the compiler to do 16 at a time.
  private func predict(
    _ current: UnsafeMutablePointer<UInt8>, _ above: UnsafeMutablePointer<UInt8>, _ count: Int,
    to output: UnsafeMutablePointer<UInt8>
  ) {
    for i in 0..<count {
      let sum = unsafe Int16(current[i]) &+ Int16(above[i + 3]) &- Int16(above[i])
      let predicted = UInt8(truncatingIfNeeded: min(max(sum, 0), 255))
      unsafe output[i] = current[i + 3] &- predicted
    }
  }

  /// False, and nothing written, if turbojpeg refuses the rectangle.
  func jpeg(_ rect: PixelRect, _ block: PixelBlock, quality: Int, subsampling: ChromaSubsampling) -> Bool {
    let bound = JPEGCompressor.bound(width: rect.width, height: rect.height, subsampling: subsampling)
    let headerSize = 12 + 1 + 3
    let place = unsafe output.reserve(headerSize + bound) + headerSize
    guard let count = unsafe jpegCompressor.compress(block, quality: quality, subsampling: subsampling, to: place)
    else { return false }
    header(rect)
    output.append(Control.jpeg)
    dataBehindLength(reserved: 3, count: count)
    return true
  }

  private func header(_ rect: PixelRect) {
    precondition(rect.width <= RectanglePlanner.widthLimit && !rect.isEmpty, "\(rect) is no Tight rectangle")
    rectangleCount += 1
    output.append(bigEndian: UInt16(rect.x))
    output.append(bigEndian: UInt16(rect.y))
    output.append(bigEndian: UInt16(rect.width))
    output.append(bigEndian: UInt16(rect.height))
    output.append(bigEndian: 0)
    output.append(bigEndian: 7)
  }

  private func compressedIndices(_ data: UnsafePointer<UInt8>, count: Int, effort: Effort) {
    guard unsafe !sentAsIs(data, count) else { return }
    let place = unsafe output.reserve(3 + Deflater.bound(count)) + 3
    let written = unsafe deflater.deflateIndices(data, count: count, effort: effort, to: place)
    dataBehindLength(reserved: 3, count: written)
  }

  private func compressedSamples(_ data: UnsafePointer<UInt8>, count: Int, filtered: Bool) {
    guard unsafe !sentAsIs(data, count) else { return }
    let place = unsafe output.reserve(3 + Deflater.bound(count)) + 3
    let written = unsafe deflater.deflateSamples(data, count: count, filtered: filtered, to: place)
    dataBehindLength(reserved: 3, count: written)
  }

  private func sentAsIs(_ data: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    guard count < Self.smallestCompressed else { return false }
    unsafe output.reserve(count).update(from: data, count: count)
    output.advance(count)
    return true
  }

  /// Puts a compact length (rfbproto: seven bits a byte, least significant first, three bytes at most) before `count`
  /// bytes that stand `reserved` bytes behind the output's end, and moves them up to it.
  private func dataBehindLength(reserved: Int, count: Int) {
    precondition(count < 1 << 22, "a compact length ends at 4 MiB")
    let data = unsafe output.reserve(reserved + count) + reserved
    let lengthBytes = count < 1 << 7 ? 1 : count < 1 << 14 ? 2 : 3
    if lengthBytes < reserved { unsafe (data - reserved + lengthBytes).update(from: data, count: count) }
    for index in 0..<lengthBytes {
      let more: UInt8 = index < lengthBytes - 1 ? 0x80 : 0
      output.append(UInt8(count >> (7 * index) & (index == 2 ? 0xff : 0x7f)) | more)
    }
    output.advance(count)
  }
}

extension PixelBlock {
  /// Writes a row's pixels as red, green and blue.
  fileprivate func packRow(_ y: Int, to output: UnsafeMutablePointer<UInt8>) {
    let row = unsafe start + y * stride
    var out = unsafe output
    for x in 0..<width {
      let pixel = unsafe row[x]
      unsafe out[0] = UInt8(truncatingIfNeeded: pixel >> 16)
      unsafe out[1] = UInt8(truncatingIfNeeded: pixel >> 8)
      unsafe out[2] = UInt8(truncatingIfNeeded: pixel)
      unsafe out += 3
    }
  }
}

/// Palette numbers of a rectangle, a byte each.
@safe private struct IndexedRows {
  let first: UnsafePointer<UInt8>
  let stride: Int
  let width: Int
  let height: Int

  var isContiguous: Bool { stride == width }

  /// Rows without gaps; with `numbers`, each replaced by its place in that list.
  func gather(to output: UnsafeMutablePointer<UInt8>, renumbering numbers: [Int]?) {
    guard let numbers else {
      for y in 0..<height { unsafe (output + y * width).update(from: first + y * stride, count: width) }
      return
    }
    unsafe withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { table in
      for (place, number) in numbers.enumerated() { unsafe table[number] = UInt8(place) }
      for y in 0..<height {
        let row = unsafe first + y * stride
        let out = unsafe output + y * width
        for x in 0..<width { unsafe out[x] = table[Int(row[x])] }
      }
    }
  }

  /// One bit a pixel, the leftmost the highest, each row filled up to a byte.
  func pack(zero: UInt8, one: UInt8, to output: UnsafeMutablePointer<UInt8>) {
    let repeatedZero = UInt64(zero) &* 0x0101_0101_0101_0101
    let differing = UInt64((zero ^ one).trailingZeroBitCount)
    var out = unsafe output
    for y in 0..<height {
      let row = unsafe first + y * stride
      var x = 0
      while x + 8 <= width {
        let numbers = unsafe UnsafeRawPointer(row + x).loadUnaligned(as: UInt64.self).littleEndian
        let bits = (numbers ^ repeatedZero) >> differing & 0x0101_0101_0101_0101
        // Each byte's bit moves to its place in the top byte.
        unsafe out.pointee = UInt8(truncatingIfNeeded: (bits &* 0x8040_2010_0804_0201) >> 56)
        unsafe out += 1
        x += 8
      }
      if x < width {
        var byte: UInt8 = 0
        for i in x..<width where unsafe row[i] == one { byte |= 0x80 >> UInt8(i - x) }
        unsafe out.pointee = byte
        unsafe out += 1
      }
    }
  }
}
