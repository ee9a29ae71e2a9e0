package edgex

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/device-service/internal/driver"
)

// ownConfig has a section that only its driver has.
type ownConfig struct{ Own ownSection }

type ownSection struct {
	Name     string
	Writable ownWritable
}

type ownWritable struct{ Resources string }

func (c *ownConfig) UpdateFromRaw(raw any) bool {
	changed, ok := raw.(*ownConfig)
	if ok {
		*c = *changed
	}
	return ok
}

func (r *rig) configureOwn() {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, "res/configuration.yaml"))
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("res/configuration.yaml", string(text)+"Own: {Name: one, Writable: {Resources: 'A,B'}}\n")
}

// follower is a driver that reads the section and follows it.
func follower(config *ownConfig, changed chan string, failed *error) func(Env) driver.Driver {
	return func(env Env) driver.Driver {
		*failed = env.Section("Own", config)
		env.Watch("Own/Writable", &ownWritable{}, func(raw any) {
			if w, ok := raw.(*ownWritable); ok {
				changed <- w.Resources
			}
		})
		return filledDriver()
	}
}

func TestSectionOfADriver(t *testing.T) {
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	r.configureOwn()
	var config ownConfig
	var err error
	r.startWith(follower(&config, make(chan string, 1), &err))
	r.once("D1", "All")
	if err != nil || config.Own != (ownSection{"one", ownWritable{"A,B"}}) {
		t.Errorf("%+v, %v", config, err)
	}
	if _, text := r.call("GET", "config", ""); !strings.Contains(text, `"Resources":"A,B"`) {
		t.Error(text)
	}
	r.stop()
}

func TestSectionInConsul(t *testing.T) {
	if raceDetector {
		t.Skip("go-mod-bootstrap has a data race with a configuration provider")
	}
	r := newRig(t)
	r.write("res/profiles/p.yaml", testProfile)
	r.write("res/devices/d.yaml", testDevices)
	r.configureOwn()
	consul := startConsul(r)
	consul.configure()
	var config ownConfig
	var err error
	changed := make(chan string, 8)
	r.startWith(follower(&config, changed, &err), "-cp="+consul.url("consul."))
	r.once("D1", "All")
	if err != nil || config.Own != (ownSection{"one", ownWritable{"A,B"}}) {
		t.Errorf("%+v, %v", config, err)
	}
	last := ""
	r.until("the change", func() bool {
		consul.put("device-test/Own/Writable/Resources", "C")
		select {
		case last = <-changed:
		default:
		}
		return last == "C"
	})
	r.stop()
}
