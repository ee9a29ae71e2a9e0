//go:build !race

package edgex

// raceDetector tells that this test does not look for data races.
const raceDetector = false
