// Package helm tests the chart in the folder sluice with Helm's own packages. It
// is a module of its own: they bring the client of Kubernetes along, which
// nothing else here needs. Run it with -count=1: Go's cache of results does not
// see that files of another module, such as ../kubernetes, have changed.
package helm
