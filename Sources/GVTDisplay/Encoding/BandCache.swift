// Bands that were encoded and whose pixels have not changed since: for viewers that ask for them later.
import GVTCore
import NIOCore

/// Shared by the display thread, which looks up and invalidates, and the workers, which add.
final class BandCache: Sendable {
  private struct Entry: Sendable {
    let encoded: EncodedBand
    var lastUse: UInt64
  }

  private struct State: Sendable {
    var entries: [BandKey: Entry] = [:]
    var bytes = 0
    var uses: UInt64 = 0
    /// Grows whenever something became stale; a band whose encoding began before that may be so too.
    var epoch: UInt64 = 0
    /// For each band, the epoch in which one of its tiles last changed; those not here have not since ``everything``.
    var changed: [Int: UInt64] = [:]
    var everything: UInt64 = 0
  }

  private let state = Locked(State())
  /// Bytes of encoded bands that are kept at most.
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// What a job that begins now has to say when it adds its result.
  var epoch: UInt64 { state.withLock { $0.epoch } }

  var count: Int { state.withLock { $0.entries.count } }

  func find(_ key: BandKey) -> EncodedBand? {
    state.withLock { state in
      state.uses += 1
      state.entries[key]?.lastUse = state.uses
      return state.entries[key]?.encoded
    }
  }

  /// Keeps a band unless one of its pixels may have changed since its job began in `epoch`.
  func add(_ encoded: EncodedBand, for key: BandKey, begunIn epoch: UInt64) {
    state.withLock { state in
      guard epoch >= state.everything, epoch >= state.changed[key.band.index] ?? 0 else { return }
      let size = Self.size(encoded)
      guard size <= limit else { return }
      while state.bytes + size > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
        state.entries[oldest.key] = nil
        state.bytes -= Self.size(oldest.value.encoded)
      }
      state.uses += 1
      let replaced = state.entries.updateValue(Entry(encoded: encoded, lastUse: state.uses), forKey: key)
      state.bytes += size - (replaced.map { Self.size($0.encoded) } ?? 0)
    }
  }

  /// Drops every band that has a tile of `changed`, which holds one ``Band`` for each band with damage.
  func drop(_ changed: [Int: Band]) {
    guard !changed.isEmpty else { return }
    state.withLock { state in
      state.epoch += 1
      for index in changed.keys { state.changed[index] = state.epoch }
      for (key, entry) in state.entries {
        guard let damage = changed[key.band.index], key.band.intersects(damage) else { continue }
        state.entries[key] = nil
        state.bytes -= Self.size(entry.encoded)
      }
    }
  }

  func dropAll() {
    state.withLock { state in
      state.epoch += 1
      state.everything = state.epoch
      state.changed = [:]
      state.entries = [:]
      state.bytes = 0
    }
  }

  /// The memory an entry holds, roughly: buffers come in powers of two, keys have arrays.
  private static func size(_ encoded: EncodedBand) -> Int { encoded.buffer.storageCapacity + 512 }
}
