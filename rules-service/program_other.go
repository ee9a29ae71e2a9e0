//go:build !linux

package main

// releaseProgram does nothing on systems other than Linux.
func releaseProgram() error { return nil }
