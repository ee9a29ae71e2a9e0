package samples

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// The secrets of the sample.
const (
	wecomKey     = "WECOM-KEY"
	sapPassword  = "SAP-PASSWORD"
	deviceSecret = "DEVICE-SECRET"
)

// prompt is how long an alarm may take where nothing holds it back: a matter of
// milliseconds, but for the machine that the test shares with others.
const prompt = 15 * time.Second

// receiver is a target of the sample: it checks what it gets, and can go away.
type receiver struct {
	name    string
	stop    func()
	restart func(t *testing.T)
	within  time.Duration // an alarm must come, whoever else is away
	silent  atomic.Bool   // requests are taken and not answered

	mu       sync.Mutex
	alarms   []int // in the order in which they came
	arrivals map[int]time.Time
	wrong    error
}

// note takes an alarm, or what is wrong with a message.
func (r *receiver) note(n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.wrong = errors.Join(r.wrong, err)
		return
	}
	r.alarms = append(r.alarms, n)
	if r.arrivals == nil {
		r.arrivals = map[int]time.Time{}
	}
	if _, ok := r.arrivals[n]; !ok {
		r.arrivals[n] = time.Now()
	}
}

// has tells whether all alarms from one number to another have come.
func (r *receiver) has(from, to int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := from; n < to; n++ {
		if _, ok := r.arrivals[n]; !ok {
			return fmt.Errorf("%s has not got alarm %d", r.name, n)
		}
	}
	return nil
}

// mistake is what was wrong with messages.
func (r *receiver) mistake() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wrong
}

// ordered tells whether each alarm came for the first time behind the one before
// it.
func (r *receiver) ordered() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := -1
	for _, n := range r.alarms {
		if n > last+1 {
			return fmt.Errorf("%s: alarm %d came behind %d", r.name, n, last)
		}
		last = max(last, n)
	}
	return nil
}

// slowest is the longest that an alarm took from its publication.
func (r *receiver) slowest(published map[int]time.Time, from, to int) (slowest time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n := from; n < to; n++ {
		slowest = max(slowest, r.arrivals[n].Sub(published[n]))
	}
	return slowest
}

// device is the name of a boiler that tries what formats escape.
func device(n int) string { return fmt.Sprintf("boiler %d \"A\" <&> 锅炉,=x\\y", n) }

var deviceNumber = regexp.MustCompile(`boiler (\d+) "A" <&> 锅炉,=x\\y`)

func numberOf(name string) (int, error) {
	m := deviceNumber.FindStringSubmatch(name)
	if m == nil || m[0] != name {
		return 0, fmt.Errorf("a device is called %q", name)
	}
	return strconv.Atoi(m[1])
}

func webReceiver(t *testing.T, name string, handle func(r *receiver) http.HandlerFunc) (r *receiver, url string) {
	t.Helper()
	r = &receiver{name: name, within: prompt}
	answer := handle(r)
	web := connectortest.NewWeb(t, fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if r.silent.Load() {
			_, _ = io.Copy(io.Discard, req.Body)
			<-req.Context().Done()
			return
		}
		answer(w, req)
	}))
	r.stop, r.restart = func() { web.Stop(t) }, web.Start
	return r, web.URL()
}

// silence makes a receiver go away in the worse manner: it takes requests and
// does not answer.
func (r *receiver) silence() {
	stop, start := r.stop, r.restart
	r.stop = func() { r.silent.Store(true) }
	r.restart = func(t *testing.T) {
		stop() // with the requests that wait
		r.silent.Store(false)
		start(t)
	}
}

// What a robot of WeCom takes here; the real one takes as many in a minute.
const (
	wecomMessages = 20
	wecomPeriod   = 20 * time.Second
)

// newWeCom checks key, size and rate of what comes to a robot.
func newWeCom(t *testing.T) (*receiver, string) {
	var times []time.Time
	r, url := webReceiver(t, "WeCom", func(r *receiver) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			var m struct {
				Type     string `json:"msgtype"`
				Markdown struct{ Content string }
			}
			err := json.Unmarshal(body, &m)
			text := m.Markdown.Content
			times = append(slices.DeleteFunc(times, func(at time.Time) bool { return time.Since(at) >= wecomPeriod }), time.Now())
			if err != nil || m.Type != "markdown" || text == "" || len(text) > 4096 || !utf8.ValidString(text) || len(times) > wecomMessages ||
				req.URL.Path != "/cgi-bin/webhook/send" || req.URL.Query().Get("key") != wecomKey {
				r.note(0, fmt.Errorf("WeCom got %s %s, %d messages in %s", req.URL, body, len(times), wecomPeriod))
				_, _ = io.WriteString(w, `{"errcode":40008,"errmsg":"invalid"}`)
				return
			}
			for _, m := range deviceNumber.FindAllStringSubmatch(text, -1) {
				n, err := strconv.Atoi(m[1])
				r.note(n, err)
			}
			_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
		}
	})
	r.within = time.Minute // at its rate
	return r, url
}

var (
	odataTime    = regexp.MustCompile(`^/Date\(\d{13}\)/$`)
	odataDecimal = regexp.MustCompile(`^\d+(\.\d+)?$`)
)

// newSAP checks who asks, tokens against forged requests, and the types of an
// order by the rules of OData 2.
func newSAP(t *testing.T) (*receiver, string) {
	const token = "token-1"
	return webReceiver(t, "SAP", func(r *receiver) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			user, password, _ := req.BasicAuth()
			root := "/sap/opu/odata/sap/API_MAINTENANCEORDER/"
			if user != "EDGE" || password != sapPassword || req.URL.Query().Get("sap-client") != "100" {
				r.note(0, fmt.Errorf("SAP is asked by %s at %s", user, req.URL))
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			if req.Method == http.MethodGet && req.URL.Path == root && req.Header.Get("X-CSRF-Token") == "Fetch" {
				http.SetCookie(w, &http.Cookie{Name: "SAP_SESSIONID", Value: "s1", Path: "/"})
				w.Header().Set("X-CSRF-Token", token)
				return
			}
			if c, err := req.Cookie("SAP_SESSIONID"); err != nil || c.Value != "s1" || req.Header.Get("X-CSRF-Token") != token {
				w.Header().Set("X-CSRF-Token", "Required")
				w.WriteHeader(http.StatusForbidden)
				return
			}
			body, _ := io.ReadAll(req.Body)
			n, err := orderOf(body)
			if req.Method != http.MethodPost || req.URL.Path != root+"MaintenanceOrder" || req.Header.Get("Content-Type") != "application/json" {
				err = fmt.Errorf("SAP got %s %s", req.Method, req.URL)
			}
			if r.note(n, err); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			w.Header().Set("Location", fmt.Sprintf("MaintenanceOrder('%d')", n))
			w.WriteHeader(http.StatusCreated)
		}
	})
}

func orderOf(body []byte) (int, error) {
	var o struct {
		MaintenanceOrderType, MaintenancePlant, MaintenanceOrderDesc, Equipment, MaintOrdBasicStartDate, MeasuredValue string
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return 0, fmt.Errorf("SAP got %s: %w", body, err)
	}
	if o.MaintenanceOrderType != "PM02" || o.MaintenancePlant != "1010" || len(o.MaintenanceOrderDesc) > 40 || !odataTime.MatchString(o.MaintOrdBasicStartDate) ||
		!odataDecimal.MatchString(o.MeasuredValue) {
		return 0, fmt.Errorf("SAP got %s", body)
	}
	return numberOf(o.Equipment)
}

// newMES checks messages by an XML schema. It goes away by saying nothing.
func newMES(t *testing.T) (*receiver, string) {
	if _, err := exec.LookPath("xmllint"); err != nil {
		servers.Missing(t, "xmllint")
	}
	r, url := webReceiver(t, "the MES", func(r *receiver) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			body, _ := io.ReadAll(req.Body)
			check := exec.Command("xmllint", "--noout", "--nonet", "--schema", "boiler-alarm/testdata/b2mml.xsd", "-")
			check.Stdin = bytes.NewReader(body)
			out, err := check.CombinedOutput()
			var m struct {
				ID   string `xml:"DataArea>OperationsPerformance>ID"`
				Text string `xml:"DataArea>OperationsPerformance>Description"`
			}
			if err == nil {
				err = xml.Unmarshal(body, &m)
			}
			if err != nil || req.Header.Get("Content-Type") != "application/xml" || m.Text != "hall \"1\" & 2: temperature alarm" {
				r.note(0, fmt.Errorf("the MES got %s as %s: %w %s", body, req.Header.Get("Content-Type"), err, out))
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			r.note(numberOf(m.ID))
		}
	})
	r.silence()
	return r, url
}

// deviceTag is the device of a line to InfluxDB.
var deviceTag = regexp.MustCompile(`(?m)^boiler_alarm,device=boiler\\ (\d+)\\ `)

// newInflux is a real InfluxDB at direct, and a way to it that notes what it has
// taken: a query may see a point and not yet one that was written before it, so
// queries do not tell the order.
func newInflux(t *testing.T) (r *receiver, url, direct string) {
	db := servers.InfluxDB(t)
	direct = "http://" + db.Addr()
	if _, err := ask(direct, "CREATE DATABASE plant", http.MethodPost); err != nil {
		t.Fatal(err)
	}
	r, url = webReceiver(t, "InfluxDB", func(r *receiver) http.HandlerFunc {
		return func(w http.ResponseWriter, req *http.Request) {
			lines, _ := io.ReadAll(req.Body)
			res, err := http.Post(direct+req.URL.String(), req.Header.Get("Content-Type"), bytes.NewReader(lines))
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			defer res.Body.Close()
			w.WriteHeader(res.StatusCode)
			_, _ = io.Copy(w, res.Body)
			if res.StatusCode != http.StatusNoContent {
				return
			}
			for _, m := range deviceTag.FindAllSubmatch(lines, -1) {
				r.note(strconv.Atoi(string(m[1])))
			}
		}
	})
	stop, restart := r.stop, r.restart
	r.stop = func() { stop(); db.Kill() }
	r.restart = func(t *testing.T) { db.Start(t); restart(t) }
	return r, url, direct
}

func ask(server, query, method string) ([]byte, error) {
	req, err := http.NewRequestWithContext(context.Background(), method, server+"/query?"+url.Values{"db": {"plant"}, "epoch": {"ms"}, "q": {query}}.Encode(), nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return io.ReadAll(res.Body)
}

// points are the alarms in the database, in the order of their times.
func points(server string) (out []int, err error) {
	body, err := ask(server, `SELECT temperature, device, hall FROM boiler_alarm`, http.MethodGet)
	if err != nil {
		return nil, err
	}
	var answer struct {
		Results []struct {
			Series []struct{ Values [][]any }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Results) == 0 {
		return nil, fmt.Errorf("InfluxDB: %s", body)
	}
	for _, s := range answer.Results[0].Series {
		for _, v := range s.Values {
			name, _ := v[2].(string)
			n, err := numberOf(name)
			if err == nil && (v[0] != float64(firstTime+n) || v[1] != temperature(n) || v[3] != "hall \"1\" & 2") {
				err = fmt.Errorf("InfluxDB has %v", v)
			}
			if err != nil {
				return nil, err
			}
			out = append(out, n)
		}
	}
	return out, nil
}

// newCloud checks the signature of the device, and its properties.
func newCloud(t *testing.T) (*receiver, string) {
	r := &receiver{name: "the cloud", within: prompt}
	b := &connectortest.Broker{Addr: fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)), Admit: admit,
		Answer: func(topic string, payload []byte) (string, []byte) {
			id, n, err := properties(topic, payload)
			if r.note(n, err); err != nil {
				return "", nil
			}
			return topic + "_reply", fmt.Appendf(nil, `{"code":200,"data":{},"id":%q,"message":"success","version":"1.0"}`, id)
		}}
	b.Start(t)
	r.stop, r.restart = b.Stop, b.Start
	return r, b.URL()
}

func admit(p *packets.ConnectPacket, _ *x509.Certificate) error {
	id, params, _ := strings.Cut(p.ClientIdentifier, "|")
	q, err := url.ParseQuery(strings.ReplaceAll(strings.TrimSuffix(params, "|"), ",", "&"))
	if err != nil {
		return err
	}
	h := hmac.New(sha256.New, []byte(deviceSecret))
	_, _ = fmt.Fprintf(h, "clientId%sdeviceNameboiler-houseproductKeya1b2c3timestamp%s", id, q.Get("timestamp"))
	if p.Username != "boiler-house&a1b2c3" || q.Get("signmethod") != "hmacsha256" || q.Get("securemode") != "3" || string(p.Password) != hex.EncodeToString(h.Sum(nil)) {
		return fmt.Errorf("client %s, user %s", p.ClientIdentifier, p.Username)
	}
	return nil
}

func properties(topic string, payload []byte) (id string, n int, err error) {
	var m struct {
		ID, Version, Method string
		Params              struct {
			Device struct {
				Value string
				Time  int
			}
			Temperature struct {
				Value float64
				Time  int
			}
		}
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err = d.Decode(&m); err == nil {
		n, err = numberOf(m.Params.Device.Value)
	}
	at := firstTime + n
	if err != nil || topic != "/sys/a1b2c3/boiler-house/thing/event/property/post" || m.Version != "1.0" || m.Method != "thing.event.property.post" ||
		m.Params.Device.Time != at || m.Params.Temperature.Time != at || m.Params.Temperature.Value != temperature(n) {
		return "", 0, fmt.Errorf("the cloud got %s on %s: %w", payload, topic, err)
	}
	return m.ID, n, nil
}
