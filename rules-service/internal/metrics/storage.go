package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"sluice/rules-service/internal/hub"
	"sluice/rules-service/internal/rule"
)

// emitStorage shows what keeps rows and states over the end of the service.
func emitStorage(ch chan<- prometheus.Metric, in hub.IntakeStats, c rule.CheckpointStats) {
	ch <- intakeBytes.of(float64(in.Bytes))
	ch <- intakeRecords.of(float64(in.Records))
	ch <- intakeDamaged.of(float64(in.Damaged))
	ch <- intakeTooLarge.of(float64(in.TooLarge))
	ch <- intakeFull.of(flag(in.Full))
	ch <- intakeFailing.of(flag(in.Error != ""))
	ch <- checkpointsMade.of(float64(c.Made))
	ch <- checkpointsFailed.of(float64(c.Failed))
	ch <- checkpointTime.of(c.Took.Seconds())
	last := 0.0
	if !c.Last.IsZero() {
		last = float64(c.Last.UnixMilli()) / 1000
	}
	ch <- checkpointLast.of(last)
	ch <- replaying.of(flag(c.Replays))
}

func flag(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
