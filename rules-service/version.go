package main

import (
	"runtime/debug"
	"slices"
)

// version is set by the linker: -ldflags "-X main.version=1.2.3".
var version string

// builtVersion is the version that the linker was told, or else the one that
// Go noted when it built the program.
func builtVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// wantsVersion tells whether the arguments ask for it.
func wantsVersion(args []string) bool {
	return slices.ContainsFunc(args, func(a string) bool { return a == "--version" || a == "-version" })
}
