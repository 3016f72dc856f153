import Testing

@testable import GVTDisplay
