import Testing

@testable import GVTCore
