// A descriptor that several parts keep open together.

/// Keeps a descriptor open for as long as anybody refers to it.
package final class SharedDescriptor: Sendable {
  package let owned: OwnedDescriptor

  package init(_ owned: consuming OwnedDescriptor) { self.owned = owned }

  package var raw: Int32 { owned.raw }
}
