package api

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// routeService routes what concerns the service as a whole.
func (a *API) routeService(mux *routes) {
	mux.HandleFunc("GET /{$}", a.info)
	mux.HandleFunc("POST /{$}", a.info)
	mux.HandleFunc("GET /ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /stop", a.stop)
	mux.HandleFunc("POST /stop", a.stop)
}

func (a *API) info(w http.ResponseWriter, _ *http.Request) {
	up := time.Since(a.started)
	writeJSON(w, http.StatusOK, struct {
		Version     string `json:"version"`
		OS          string `json:"os"`
		Arch        string `json:"arch"`
		Up          int64  `json:"upTimeSeconds"`
		CPU         string `json:"cpuUsage"`
		MemoryUsed  string `json:"memoryUsed"`
		MemoryTotal string `json:"memoryTotal"`
	}{
		a.Version, runtime.GOOS, runtime.GOARCH, int64(up.Seconds()), fmt.Sprintf("%.2f%%", 100*cpuTime().Seconds()/max(up.Seconds(), 1)),
		strconv.FormatUint(procField("/proc/self/status", "VmRSS:"), 10), strconv.FormatUint(procField("/proc/meminfo", "MemTotal:"), 10),
	})
}

// cpuTime is what the process has used of the processors.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// procField reads a size such as "VmRSS:   1234 kB", in bytes; 0 where the
// system has no such file.
func procField(file, name string) uint64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 || f[0] != name {
			continue
		}
		kB, err := strconv.ParseUint(f[1], 10, 64)
		if err != nil {
			return 0
		}
		return kB << 10
	}
	return 0
}

func (a *API) stop(w http.ResponseWriter, _ *http.Request) {
	a.Log.Info("stop was asked for over REST")
	writeText(w, http.StatusOK, "stop success")
	a.Stop()
}
