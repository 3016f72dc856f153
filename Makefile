# The verbs of this project. Each is a line or three; what needs more is a script in .ci/.
# ARGS goes to the demo (make run ARGS="--guests 2 --port 5910"), to the VM (make run-linux ARGS=--desktop) and to the
# benchmarks (make bench ARGS="latency idle").
.PHONY: run run-linux test build check fmt lint bench fuzz asan tsan install clean
PREFIX ?= /usr/local
# With Swift's libraries inside, so that what is installed needs no toolchain. Another linker would warn of their mktemp.
RELEASE = -c release --static-swift-stdlib -Xswiftc -use-ld=lld

run: build
	exec .build/release/gvt-vnc demo $(ARGS)

run-linux: build
	exec Tests/Rig/run-linux.sh $(ARGS)

test:
	@.ci/test

build:
	@.ci/packages build
	swift build $(RELEASE) --product gvt-vnc

check: lint
	@.ci/packages build
	swift build --build-tests && swift test --skip-build --filter 'GVTCoreTests|GVTDisplayTests'

fmt:
	swift format -i -r -p Package.swift Sources Tests $(wildcard Benchmarks Fuzz)

lint:
	@.ci/lint

bench:
	@.ci/bench $(ARGS)

fuzz:
	@.ci/fuzz

asan:
	@.ci/sanitize address

tsan:
	@.ci/sanitize thread

install: build
	packaging/install.sh .build/release/gvt-vnc "$(DESTDIR)" "$(PREFIX)"

clean:
	rm -rf .build .build-tsan .build-fuzz
