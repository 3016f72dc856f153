// What a vGPU is made of: all that is decided before it is powered on.

/// The choices that make one vGPU differ from another.
package struct VirtualGPUConfiguration: Sendable {
  package var type: InstanceType
  package var platform: Platform
  package var monitor: Monitor
  package var engines: EngineBehaviour

  /// The type's own platform and mode unless they are given.
  package init(
    type: InstanceType, platform: Platform? = nil, monitor: Monitor? = nil, engines: EngineBehaviour = .wedged
  ) {
    self.type = type
    self.platform = platform ?? .standard(for: type)
    self.monitor = monitor ?? Monitor(preferred: type.resolution)
    self.engines = engines
  }
}
