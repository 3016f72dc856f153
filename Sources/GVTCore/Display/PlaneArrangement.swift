// How a platform's planes are programmed: the one thing in which Broadwell's pipes differ from Skylake's.

/// The planes that each pipe of a platform has, and what their registers mean.
package struct PlaneArrangement: Sendable {
  /// Planes of each pipe, counted from 1 at the bottom.
  package let count: Int
  /// The bit of the pipe's interrupts that tells of plane 1's flip; the others' follow.
  package let firstFlipDone: Int
  /// The register rows of a pipe.
  let rules: @Sendable (Pipe) -> [RegisterRule]
  /// What a plane's armed registers show on a pipe of a size; the caller checks the extent.
  let decode: @Sendable (PlaneRegisters, Int, PixelSize) throws(PlaneFault) -> PlaneDescription
  /// The registers that show a whole linear surface on plane 1; nil for a format that it cannot show.
  private let encode: @Sendable (PixelFormat, Int) -> (control: UInt32, stride: UInt32)?

  /// Gen9: four planes that are all alike.
  package static let universal = PlaneArrangement(
    count: 4, firstFlipDone: 3,
    rules: { pipe in Pipe.planes.flatMap { RegisterRule.universalPlane($0, of: pipe) } },
    decode: UniversalPlanes.picture,
    encode: { format, strideBytes in
      PlaneControl(showing: format).map { ($0.rawValue, UInt32(strideBytes / 64)) }
    })

  /// Gen8: a primary plane that fills its pipe, and a sprite above it.
  package static let primaryAndSprite = PlaneArrangement(
    count: 2, firstFlipDone: 4,
    rules: { pipe in RegisterRule.primaryPlane(of: pipe) + RegisterRule.spritePlane(of: pipe) },
    decode: PrimaryAndSprite.picture,
    encode: { format, strideBytes in
      PrimaryControl(showing: format).map { ($0.rawValue, UInt32(strideBytes)) }
    })

  private init(
    count: Int, firstFlipDone: Int, rules: @escaping @Sendable (Pipe) -> [RegisterRule],
    decode: @escaping @Sendable (PlaneRegisters, Int, PixelSize) throws(PlaneFault) -> PlaneDescription,
    encode: @escaping @Sendable (PixelFormat, Int) -> (control: UInt32, stride: UInt32)?
  ) {
    self.count = count
    self.firstFlipDone = firstFlipDone
    self.rules = rules
    self.decode = decode
    self.encode = encode
  }

  /// What tells of a plane's flip.
  package func flipDone(plane: Int) -> PipeInterrupts {
    PipeInterrupts(rawValue: 1 << UInt32(firstFlipDone + plane - 1))
  }

  /// The control and stride registers for a linear surface that fills the pipe, as a driver would write them to plane 1;
  /// nil for a format that it cannot show.
  package func registers(showing format: PixelFormat, strideBytes: Int) -> (control: UInt32, stride: UInt32)? {
    encode(format, strideBytes)
  }
}
