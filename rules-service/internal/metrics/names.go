package metrics

import "github.com/prometheus/client_golang/prometheus"

// family is a metric, with its labels.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func counter(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func gauge(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

// of is the metric with a value.
func (f family) of(value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(f.desc, f.kind, value, labels...)
}

// stepFamilies are the metrics of one kind of step: source, op or sink.
type stepFamilies struct {
	in, out, processed, exceptions, latency, buffer, connection family
}

func familiesOf(kind, in, out string) stepFamilies {
	labels := []string{"rule", "type", "op", "op_instance"}
	name := "kuiper_" + kind + "_"
	return stepFamilies{
		in:         counter(name+"records_in_total", in, labels...),
		out:        counter(name+"records_out_total", out, labels...),
		processed:  counter(name+"messages_processed_total", "Messages or rows that were worked on.", labels...),
		exceptions: counter(name+"exceptions_total", "Messages or rows that failed.", labels...),
		latency:    gauge(name+"process_latency_us", "Time that the last of them took, in microseconds.", labels...),
		buffer:     gauge(name+"buffer_length", "What waits in front of the step.", labels...),
		connection: gauge(name+"connection_status", "1 connected, 0 connecting, -1 disconnected.", labels...),
	}
}

// The kinds of steps.
const (
	source   = "source"
	operator = "op"
	sink     = "sink"
)

var (
	steps = map[string]stepFamilies{
		source:   familiesOf(source, "Messages that came.", "Rows that were decoded."),
		operator: familiesOf(operator, "Rows that came.", "Rows that went on."),
		sink:     familiesOf(sink, "Rows that came.", "Messages that were written."),
	}
	ruleStatus = gauge("kuiper_rule_status", "1 running, 0 stopped, -1 stopped by an error.", "rule")
	ruleCount  = gauge("kuiper_rule_count", "Rules that run, and that do not.", "status")

	connectionStatus = gauge("kuiper_conn_status_gauge", "Named connections in use: 1 connected, 0 connecting, -1 disconnected.", "name")

	ruleStates    = gauge("sluice_rules", "Rules by their state.", "state")
	lateRows      = counter("sluice_late_rows_total", "Rows that came after their window had closed.", "rule")
	heldRows      = gauge("sluice_held_rows", "Rows that wait for the watermark.", "rule")
	decodeErrors  = counter("sluice_decode_errors_total", "Messages that could not be decoded.", "rule", "stream")
	sourceDropped = counter("sluice_source_dropped_total", "Messages that came faster than they were read and are lost.", "rule", "stream")
	sinkDropped   = counter("sluice_sink_dropped_total", "Messages that are lost.", "rule", "sink", "reason")
	queueBytes    = gauge("sluice_sink_queue_bytes", "Size on disk of the queue of the sink's connection, which others may share.", "rule", "sink")

	intakeBytes    = gauge("sluice_intake_bytes", "Size on disk of the journal of what came.")
	intakeRecords  = gauge("sluice_intake_records", "Messages in the journal from the last checkpoint on.")
	intakeDamaged  = counter("sluice_intake_damaged_total", "Stretches and messages of the journal that could not be read.")
	intakeTooLarge = counter("sluice_intake_too_large_total", "Messages that were too large for the journal.")
	intakeFull     = gauge("sluice_intake_full", "1 while sources wait for room in the journal.")
	intakeFailing  = gauge("sluice_intake_failing", "1 while messages cannot be written to the journal.")

	checkpointsMade   = counter("sluice_checkpoints_total", "Checkpoints that were made.")
	checkpointsFailed = counter("sluice_checkpoint_failures_total", "Checkpoints that could not be made.")
	checkpointTime    = gauge("sluice_checkpoint_duration_seconds", "How long the last checkpoint took.")
	checkpointLast    = gauge("sluice_checkpoint_timestamp_seconds", "When the last checkpoint was made, since 1970; 0: none was.")
	replaying         = gauge("sluice_replaying", "1 while what came before the start is given to the rules.")
)
