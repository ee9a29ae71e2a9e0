// Package helm tests the chart in the folder sluice with Helm's own packages. It
// is a module of its own: they bring the client of Kubernetes along, which
// nothing else here needs.
package helm
