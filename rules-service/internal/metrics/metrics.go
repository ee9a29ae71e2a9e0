// Package metrics shows the figures of the service to Prometheus: under the
// names and labels that eKuiper has, so that dashboards go on working, and under
// names of our own for what it does not count.
package metrics

import (
	"log/slog"
	"net/http"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"sluice/rules-service/internal/rule"
)

// DefaultRules is how many rules have series of their own.
const DefaultRules = 500

// Exporter answers the requests of Prometheus. Nothing is kept between them: the
// series of a rule end with the rule.
type Exporter struct {
	rules  *rule.Manager
	most   atomic.Int64
	handle http.Handler
}

// New returns an exporter. While there are more rules than most, their figures
// are summed up: see Exporter.SetRules. More collectors add what they have.
func New(rules *rule.Manager, version string, most int, log *slog.Logger, more ...prometheus.Collector) *Exporter {
	e := &Exporter{rules: rules}
	e.SetRules(most)
	reg := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "sluice_build_info", Help: "Version of the rules service.",
		ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	reg.MustRegister(more...)
	reg.MustRegister(e, build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	e.handle = promhttp.HandlerFor(reg, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), MaxRequestsInFlight: 2})
	return e
}

// SetRules changes how many rules may have series of their own: with thousands
// of rules these would be hundreds of thousands of series. While there are more,
// the series have the label rule="" and hold the sums of all rules.
func (e *Exporter) SetRules(most int) { e.most.Store(int64(most)) }

// ServeHTTP answers in the format that the client asks for.
func (e *Exporter) ServeHTTP(w http.ResponseWriter, r *http.Request) { e.handle.ServeHTTP(w, r) }

// Describe tells nothing: the series depend on the rules there are.
func (e *Exporter) Describe(chan<- *prometheus.Desc) {}

// Collect reads the figures of all rules.
func (e *Exporter) Collect(ch chan<- prometheus.Metric) {
	s := newSums(int64(e.rules.Count()) <= e.most.Load())
	for f := range e.rules.Figures() {
		s.add(&f)
	}
	s.emit(ch)
	for name, link := range e.rules.Links() {
		ch <- connectionStatus.of(statusOfLink(link), name)
	}
	emitStorage(ch, e.rules.Intake(), e.rules.Checkpoints())
}

func statusOfLink(l rule.Link) float64 {
	switch {
	case l.Connected == l.Users:
		return 1
	case l.Error != "":
		return -1
	}
	return 0
}
