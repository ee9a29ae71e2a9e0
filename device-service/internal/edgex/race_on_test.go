//go:build race

package edgex

// raceDetector tells that this test looks for data races. Some steps then show
// those of the SDK and its modules, which we cannot mend.
const raceDetector = true
