package reconcile

import "github.com/prometheus/client_golang/prometheus"

var (
	filesByState = prometheus.NewDesc("sluice_reconcile_files", "Files of the folder of definitions by their state.", []string{"state"}, nil)
	failedTries  = prometheus.NewDesc("sluice_reconcile_failures_total", "Tries to apply a file that failed.", nil, nil)
	folderFails  = prometheus.NewDesc("sluice_reconcile_folder_failing", "1 while the folder of definitions cannot be read.", nil, nil)
)

// Describe implements prometheus.Collector.
func (r *Reconciler) Describe(ch chan<- *prometheus.Desc) {
	ch <- filesByState
	ch <- failedTries
	ch <- folderFails
}

// Collect implements prometheus.Collector.
func (r *Reconciler) Collect(ch chan<- prometheus.Metric) {
	s := r.Status()
	for state, n := range s.Counts {
		ch <- prometheus.MustNewConstMetric(filesByState, prometheus.GaugeValue, float64(n), string(state))
	}
	ch <- prometheus.MustNewConstMetric(failedTries, prometheus.CounterValue, float64(r.failures.Load()))
	failing := 0.0
	if s.Error != "" {
		failing = 1
	}
	ch <- prometheus.MustNewConstMetric(folderFails, prometheus.GaugeValue, failing)
}
