// swift-tools-version: 6.2
import PackageDescription

// Swift 6 language mode comes with the tools version. The rest, one line of why each:
let settings: [SwiftSetting] = [
  .strictMemorySafety(),  // unsafe code is marked where it stands, and stays in the few folders CONTRIBUTING names
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),  // dynamic dispatch is visible
  .enableUpcomingFeature("InternalImportsByDefault"),  // a dependency does not leak through a target's interface
  .enableUpcomingFeature("MemberImportVisibility"),  // each file imports what it uses
  .enableExperimentalFeature("Lifetimes"),  // Mapping lends spans as properties
]

// What tests and benchmarks drive the program with talks to sockets and C libraries by hand and is never shipped.
let toolSettings = Array(settings.dropFirst())

let package = Package(
  name: "gvt-vnc",
  products: [
    .executable(name: "gvt-vnc", targets: ["gvt-vnc"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CVNCServer", path: "Sources/CLibraries/VNCServer", pkgConfig: "libvncserver",
      providers: [.apt(["libvncserver-dev"])]),
    .systemLibrary(
      name: "CTurboJPEG", path: "Sources/CLibraries/TurboJPEG", pkgConfig: "libturbojpeg",
      providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(
      name: "CDRM", path: "Sources/CLibraries/DRM", pkgConfig: "libdrm",
      providers: [.apt(["libdrm-dev"])]),
    .systemLibrary(
      name: "CSystemd", path: "Sources/CLibraries/Systemd", pkgConfig: "libsystemd",
      providers: [.apt(["libsystemd-dev"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/CLibraries/Zlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CISAL", path: "Sources/CLibraries/ISAL", pkgConfig: "libisal",
      providers: [.apt(["libisal-dev"])]),
    .systemLibrary(
      name: "CPNG", path: "Sources/CLibraries/PNG", pkgConfig: "libpng",
      providers: [.apt(["libpng-dev"])]),
    // Declarations only: what it declares is loaded at run time, where it is there.
    .systemLibrary(
      name: "CEGL", path: "Sources/CLibraries/EGL", providers: [.apt(["libegl-dev", "libgles-dev", "libgbm-dev"])]),
    .systemLibrary(
      name: "CPCIAccess", path: "Sources/CLibraries/PCIAccess", pkgConfig: "pciaccess",
      providers: [.apt(["libpciaccess-dev"])]),
    .target(name: "CLinux", path: "Sources/CLibraries/Linux"),
    .target(name: "GVTCore", dependencies: ["CLinux", "CPCIAccess"], swiftSettings: settings),
    .target(
      name: "GVTDisplay",
      dependencies: [
        "GVTCore", "CLinux", "CVNCServer", "CTurboJPEG", "CDRM", "CEGL", "CSystemd", "CZlib", "CISAL", "CPNG",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "gvt-vnc",
      dependencies: [
        "GVTCore", "GVTDisplay",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    // What drives a vGPU in tests, fuzz targets and measurements.
    .target(
      name: "VGPUTesting", dependencies: ["GVTCore", "CLinux"], path: "Tests/VGPUTesting", swiftSettings: settings),
    .testTarget(name: "GVTCoreTests", dependencies: ["GVTCore", "VGPUTesting"], swiftSettings: settings),
    .testTarget(
      name: "GVTDisplayTests",
      dependencies: [
        "GVTCore", "GVTDisplay", "VGPUTesting", "CZlib", "CTurboJPEG",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["CVNCServer", "CZlib", "CTurboJPEG"], path: "Tests/Support",
      // Pixels are decoded and searched by the million: minutes instead of seconds in a debug build.
      swiftSettings: toolSettings + [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "GVTCore", "GVTDisplay", "gvt-vnc", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Golden"],
      swiftSettings: settings),
    .testTarget(
      name: "IntegrationTests",
      dependencies: ["GVTCore", "GVTDisplay", "gvt-vnc", "TestSupport", "VGPUTesting", "CPNG", "CTurboJPEG"],
      swiftSettings: toolSettings),
    .executableTarget(
      name: "gvt-vnc-bench", dependencies: ["GVTCore", "GVTDisplay", "TestSupport", "CTurboJPEG"], path: "Benchmarks",
      exclude: ["README.md"],
      swiftSettings: toolSettings),
  ]
)

// Under a sanitizer only the unit tests are built: no program, no real peers.
if Context.environment["GVT_UNIT_TESTS_ONLY"] != nil || Context.environment["GVT_FUZZ"] != nil {
  let others = ["gvt-vnc", "TestSupport", "CommandTests", "IntegrationTests", "gvt-vnc-bench"]
  package.targets.removeAll { others.contains($0.name) }
  package.products = []
}

// `make fuzz` and `make asan`: libFuzzer targets and the unit tests, with AddressSanitizer, from one build. Our own code
// is instrumented, the packages we depend on are not.
if Context.environment["GVT_FUZZ"] != nil {
  let flags = ["-sanitize=fuzzer,address", "-parse-as-library", "-enable-testing"]
  func fuzz(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
      name: name, dependencies: dependencies + ["Fuzzing"], path: "Fuzz/\(name)",
      swiftSettings: toolSettings + [.unsafeFlags(flags)],
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer,address"])])
  }
  for target in package.targets where target.swiftSettings != nil {
    let isTest = target.type == .test
    target.swiftSettings? += [.unsafeFlags(isTest ? ["-sanitize=address"] : flags)]
    if isTest { target.linkerSettings = [.unsafeFlags(["-sanitize=address"])] }
  }
  package.targets += [
    .systemLibrary(name: "CLibFuzzer", path: "Fuzz/CLibraries/LibFuzzer"),
    .target(
      name: "Fuzzing", dependencies: ["CLibFuzzer"], path: "Fuzz/Fuzzing",
      swiftSettings: toolSettings + [.unsafeFlags(["-parse-as-library"])]),
    fuzz("FuzzRFB", ["GVTDisplay"]),
    fuzz("FuzzRegisters", ["GVTCore", "VGPUTesting"]),
    fuzz("FuzzVFIOUser", ["GVTCore", "VGPUTesting"]),
    fuzz("FuzzSnapshot", ["GVTCore", "VGPUTesting"]),
    fuzz("FuzzQEMU", ["GVTCore", "GVTDisplay", "CLinux"]),
    fuzz("FuzzSpec", ["GVTDisplay"]),
    fuzz("FuzzHost", ["GVTCore"]),
    fuzz("FuzzConfiguration", ["GVTDisplay", .product(name: "Yams", package: "Yams")]),
  ]
}
