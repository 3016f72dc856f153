// What travels over a vGPU's control socket: one JSON object a line.

/// A line to a vGPU, such as `{"verb":"reset"}`.
package struct InstanceRequest: Codable, Equatable, Sendable {
  package var verb: String
  package var arguments: [String: String]?

  package init(_ verb: InstanceVerb, arguments: [String: String]? = nil) {
    self.verb = verb.name
    self.arguments = arguments
  }
}

/// A line that answers it: `failure`, or what was asked for.
package struct InstanceReply: Codable, Equatable, Sendable {
  /// One sentence.
  package var failure: String?
  package var status: InstanceStatus?
  package var migration: InstanceMigration?
  /// What each verb does.
  package var verbs: [String: String]?

  package init(
    failure: String? = nil, status: InstanceStatus? = nil, migration: InstanceMigration? = nil,
    verbs: [String: String]? = nil
  ) {
    self.failure = failure
    self.status = status
    self.migration = migration
    self.verbs = verbs
  }
}

/// How a vGPU is doing.
package struct InstanceStatus: Codable, Equatable, Sendable {
  /// Whether a VMM has attached it.
  package var isConnected: Bool
  /// Why there is no picture; nil while there is one.
  package var reason: String?
  /// The picture's size.
  package var width: Int?
  package var height: Int?
  /// The mode that the monitor prefers.
  package var preferred: String
  package var connector: String
  package var engines: String
  /// Accesses to registers, each of which is a trap and a message.
  package var trappedAccesses: Int
  /// Accesses to memory that the VMM has not mapped, by kind.
  package var refusedAccesses: [String: Int]

  package init(
    isConnected: Bool, reason: String?, width: Int?, height: Int?, preferred: String, connector: String,
    engines: String, trappedAccesses: Int, refusedAccesses: [String: Int]
  ) {
    self.isConnected = isConnected
    self.reason = reason
    self.width = width
    self.height = height
    self.preferred = preferred
    self.connector = connector
    self.engines = engines
    self.trappedAccesses = trappedAccesses
    self.refusedAccesses = refusedAccesses
  }
}
