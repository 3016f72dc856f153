// How the test client takes a server's messages apart.

extension RFBTestClient {
  /// Reads one message and applies it. Fences that ask for an answer are answered.
  package func nextMessage() throws -> ServerMessage {
    switch try connection.byte() {
    case 0: return .update(try update())
    case 1:
      _ = try connection.read(3)
      _ = try connection.read(try connection.u16() * 6)
      return .colourMap
    case 2: return .bell
    case 3:
      _ = try connection.read(3)
      return .cutText(try connection.read(try connection.u32()))
    case 150: return .endOfContinuousUpdates
    case 248:
      _ = try connection.read(3)
      let flags = try connection.u32()
      let payload = try connection.read(Int(try connection.byte()))
      if flags & 1 << 31 != 0 { try fence(flags: flags & 7, payload: payload) }
      return .fence(flags: flags, payload: payload)
    case let type: throw TestFailure("unknown server message \(type)")
    }
  }

  private func update() throws -> Update {
    let start = connection.consumed
    var update = Update()
    _ = try connection.byte()
    var left = try connection.u16()
    let isOpen = left == 0xffff
    while left > 0 {
      var rectangle = Rectangle(
        x: try connection.u16(), y: try connection.u16(), width: try connection.u16(), height: try connection.u16(),
        encoding: try connection.s32())
      if rectangle.encoding == Encoding.lastRect {
        guard isOpen else { throw TestFailure("LastRect in an update that states its rectangles") }
        break
      }
      rectangle.bytes = try content(of: rectangle)
      update.rectangles.append(rectangle)
      left -= 1
    }
    updates += 1
    update.bytes = connection.consumed - start
    return update
  }

  private func content(of rectangle: Rectangle) throws -> Int {
    guard options.encodings.contains(rectangle.encoding) || rectangle.encoding == Encoding.raw else {
      throw TestFailure("a rectangle of encoding \(rectangle.encoding), which was not asked for")
    }
    if try pseudo(rectangle) { return 0 }
    guard rectangle.x + rectangle.width <= picture.width, rectangle.y + rectangle.height <= picture.height else {
      throw TestFailure("\(rectangle) lies outside of \(picture.width)x\(picture.height)")
    }
    let start = connection.consumed
    let pixels = try pixels(of: rectangle)
    paint(pixels, rectangle)
    return connection.consumed - start
  }

  private func pixels(of rectangle: Rectangle) throws -> [UInt32]? {
    let (width, height, layout) = (rectangle.width, rectangle.height, options.layout)
    switch rectangle.encoding {
    case Encoding.raw: return try raw(try connection.read(width * height * layout.bytesPerPixel), width * height)
    case Encoding.copyRect:
      let (x, y) = (try connection.u16(), try connection.u16())
      return picture.cropped(x: x, y: y, width: width, height: height).pixels
    case Encoding.hextile: return try hextile(width, height)
    case Encoding.zlib:
      let bytes = try connection.read(try connection.u32())
      guard options.decodes else { return nil }
      return try raw(try zlib.inflate(bytes, expecting: width * height * layout.bytesPerPixel), width * height)
    case Encoding.tight: return try tight.read(width, height, from: connection, decodes: options.decodes)
    case Encoding.zrle:
      let bytes = try connection.read(try connection.u32())
      guard options.decodes else { return nil }
      return try decodeZRLE(try zrle.inflate(bytes), width, height, layout)
    default: throw TestFailure("cannot decode encoding \(rectangle.encoding)")
    }
  }

  private func raw(_ bytes: [UInt8], _ count: Int) throws -> [UInt32]? {
    guard options.decodes else { return nil }
    var reader = ByteReader(bytes)
    return try (0..<count).map { _ in try options.layout.pixel(&reader) }
  }

  private func paint(_ pixels: [UInt32]?, _ rectangle: Rectangle) {
    guard let pixels else { return }
    for row in 0..<rectangle.height {
      let start = (rectangle.y + row) * picture.width + rectangle.x
      let source = row * rectangle.width
      for column in 0..<rectangle.width {
        picture.pixels[start + column] = pixels[source + column]
        painted[start + column] = true
      }
    }
  }

  /// Pseudo-encodings; false when the rectangle holds pixels.
  private func pseudo(_ rectangle: Rectangle) throws -> Bool {
    switch rectangle.encoding {
    case Encoding.desktopSize: resize(rectangle.width, rectangle.height)
    case Encoding.extendedDesktopSize: try extendedDesktopSize(rectangle)
    case Encoding.pointerPosition: pointer = (rectangle.x, rectangle.y)
    case Encoding.richCursor: try richCursor(rectangle)
    case Encoding.cursorWithAlpha: try cursorWithAlpha(rectangle)
    case Encoding.extendedKey: acceptsExtendedKeys = true
    case Encoding.ledState: lights = try connection.byte()
    case Encoding.desktopName: name = String(decoding: try connection.read(try connection.u32()), as: UTF8.self)
    default: return false
    }
    return true
  }

  private func resize(_ width: Int, _ height: Int) {
    guard width != picture.width || height != picture.height else { return }
    picture = Picture(width: width, height: height)
    painted = Array(repeating: false, count: width * height)
  }

  private func extendedDesktopSize(_ rectangle: Rectangle) throws {
    let count = Int(try connection.byte())
    _ = try connection.read(3)
    screens = try (0..<count).map { _ in
      let screen = (
        id: try connection.u32(), x: try connection.u16(), y: try connection.u16(), width: try connection.u16(),
        height: try connection.u16()
      )
      _ = try connection.u32()
      return screen
    }
    resizeAnswers.append((rectangle.x, rectangle.y))
    if rectangle.x != 1 || rectangle.y == 0 { resize(rectangle.width, rectangle.height) }
  }

  private func richCursor(_ rectangle: Rectangle) throws {
    let (width, height) = (rectangle.width, rectangle.height)
    var reader = ByteReader(try connection.read(width * height * options.layout.bytesPerPixel))
    let stride = (width + 7) / 8
    let mask = try connection.read(stride * height)
    var pixels = try (0..<width * height).map { _ in try options.layout.pixel(&reader) }
    for index in pixels.indices {
      let (x, y) = (index % width, index / width)
      if mask[y * stride + x / 8] & 0x80 >> UInt8(x % 8) != 0 { pixels[index] |= 0xff00_0000 }
    }
    cursor = ReceivedCursor(hotX: rectangle.x, hotY: rectangle.y, width: width, height: height, pixels: pixels)
  }

  private func cursorWithAlpha(_ rectangle: Rectangle) throws {
    guard try connection.s32() == Encoding.raw else { throw TestFailure("a cursor with alpha that is not raw") }
    let bytes = try connection.read(rectangle.width * rectangle.height * 4)
    let pixels = stride(from: 0, to: bytes.count, by: 4).map { start -> UInt32 in
      bytes[start..<start + 3].reduce(UInt32(bytes[start + 3])) { $0 << 8 | UInt32($1) }
    }
    cursor = ReceivedCursor(
      hotX: rectangle.x, hotY: rectangle.y, width: rectangle.width, height: rectangle.height, pixels: pixels)
  }
}
