// One file, open and mapped, for as long as it stays what it was.
import GVTCore

/// A file with a picture, seen through a guarded mapping.
final class Attachment {
  /// Why there is no picture, as a status.
  struct Refusal: Error {
    let status: SourceStatus

    static func waiting(_ sentence: String) -> Refusal { Refusal(status: .waiting(sentence)) }
    static func failed(_ sentence: String) -> Refusal { Refusal(status: .failed(sentence)) }
  }

  private struct Picture: Equatable {
    var layout: SurfaceLayout
    var swappedWordBytes: Int?
  }

  private let file: SharedFile
  private let picture: Picture
  private let buffer: PlaneBuffer
  /// The image in our byte order, when the file's is the other.
  private let swapped: PlaneBuffer?

  init(path: String, form: SharedMemoryForm) throws(Refusal) {
    do {
      file = try SharedFile(path: path)
    } catch {
      throw Self.refusal(error, path: path)
    }
    picture = try Self.picture(in: file, form: form)
    let needed = try Self.checkedSize(of: picture.layout, in: file)
    do {
      buffer = try PlaneBuffer.file(file.descriptor, count: needed)
    } catch {
      throw .failed(error.sentence)
    }
    swapped = picture.swappedWordBytes == nil ? nil : .bytes(count: needed)
  }

  /// Whether `path` is still this file, and the file still holds the same picture. Throws if it holds none any more.
  func isCurrent(path: String, form: SharedMemoryForm) throws(Refusal) -> Bool {
    do {
      guard try SharedFile.identity(of: path) == file.identity else { return false }
    } catch {
      throw Self.refusal(error, path: path)
    }
    let now = try Self.picture(in: file, form: form)
    _ = try Self.checkedSize(of: now.layout, in: file)
    return now == picture
  }

  /// For reports.
  var plane: PlaneReport {
    var report = PlaneReport(.primary, picture.layout)
    report.importer = "mapped file"
    return report
  }

  func present(into store: FrameStore) throws(BufferFailure) -> Damage {
    var layer = PictureLayer(buffer: buffer, layout: picture.layout)
    if let swapped, let wordBytes = picture.swappedWordBytes {
      try swapped.copySwapping(wordBytes: wordBytes, from: buffer)
      layer.buffer = swapped
    }
    return try store.present([layer], size: picture.layout.size, hint: .unknown)
  }

  private static func picture(
    in file: borrowing SharedFile, form: SharedMemoryForm
  ) throws(Refusal) -> Picture {
    guard case .xwd = form else {
      if case .raw(let layout) = form { return Picture(layout: layout) }
      preconditionFailure("a form is either raw or a window dump")
    }
    do {
      let bytes = try file.read(at: 0, count: XWDHeader.byteCount)
      guard bytes.count == XWDHeader.byteCount else {
        throw Refusal.waiting("The file is too short for the header of a window dump.")
      }
      let header = try XWDHeader(bytes)
      var layout = header.layout
      if header.colourCount > 0 {
        layout.palette = XWDHeader.palette(
          try file.read(at: header.colourMapOffset, count: header.colourCount * XWDHeader.colourBytes))
      }
      return Picture(layout: layout, swappedWordBytes: header.swappedWordBytes)
    } catch let refusal as Refusal {
      throw refusal
    } catch let refusal as XWDHeader.Refusal {
      throw .failed(refusal.sentence)
    } catch {
      throw .failed("The file cannot be read: \(error).")
    }
  }

  private static func checkedSize(
    of layout: SurfaceLayout, in file: borrowing SharedFile
  ) throws(Refusal) -> Int {
    guard let needed = layout.checkedByteCount, needed <= 1 << 30 else {
      throw .failed("The stated offset, stride and size describe no picture.")
    }
    let size = file.size
    guard size >= needed else {
      throw .waiting("The picture needs \(needed) bytes, but the file has only \(size).")
    }
    return needed
  }

  private static func refusal(_ failure: SystemFailure, path: String) -> Refusal {
    if failure.isAbsence { return .waiting("There is no file \(path).") }
    if failure == .notAFile { return .failed("\(path) is not a regular file.") }
    return .failed("\(path) cannot be opened: \(failure.reason).")
  }
}
