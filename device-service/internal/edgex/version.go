package edgex

import "runtime/debug"

// builtVersion is the version that Go noted when it built the program, for one
// that the linker was told none.
func builtVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
