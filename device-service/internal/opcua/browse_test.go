package opcua

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// routesOf serves the routes of a driver.
func routesOf(t *testing.T, d *Driver) string {
	t.Helper()
	mux := http.NewServeMux()
	for _, r := range d.Routes() {
		mux.HandleFunc(r.Method+" /"+r.Path, r.Handler)
	}
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL + "/"
}

// ask makes a request and reads its JSON.
func ask(t *testing.T, method, url, body string, into any) int {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatalf("%s %s: %v", method, url, err)
		}
	}
	return res.StatusCode
}

// browseAll runs a browse to its end and gives all pages.
func browseAll(t *testing.T, base string, r BrowseRequest) (BrowseStatus, []Node) {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var status BrowseStatus
	if code := ask(t, http.MethodPost, base+"opcua/browse", string(body), &status); code != http.StatusAccepted {
		t.Fatalf("start: %d %+v", code, status)
	}
	await(t, "the browse", func() bool {
		ask(t, http.MethodGet, base+"opcua/browse/"+status.ID, "", &status)
		return status.State != browseRunning
	})
	var nodes []Node
	for status.State == browseDone {
		var page struct {
			TotalCount int
			Nodes      []Node
		}
		ask(t, http.MethodGet, fmt.Sprintf("%sopcua/browse/%s/nodes?offset=%d", base, status.ID, len(nodes)), "", &page)
		if nodes = append(nodes, page.Nodes...); len(nodes) >= page.TotalCount {
			break
		}
	}
	return status, nodes
}

func nodeNames(nodes []Node) (list []string) {
	for _, n := range nodes {
		list = append(list, n.Name)
	}
	slices.Sort(list)
	return list
}

func browsePeer(t *testing.T, peer *servers.OPCUA) {
	d := newDriver(t, patient)
	base := routesOf(t, d)
	there := map[string]any{"Endpoint": peer.Endpoint()}
	t.Run("press", func(t *testing.T) { browsePress(t, base, there) })
	t.Run("types", func(t *testing.T) { browseTypes(t, base, there) })
	t.Run("cycles and filters", func(t *testing.T) { browseMill(t, base, there) })
	t.Run("resources", func(t *testing.T) { browsedResources(t, d, peer, base) })
	t.Run("many nodes", func(t *testing.T) { browseMany(t, peer, base, there) })
	t.Run("bounds", func(t *testing.T) { browseBounds(t, d, base, there) })
}

func browsePress(t *testing.T, base string, there map[string]any) {
	status, nodes := browseAll(t, base, BrowseRequest{Protocol: there, Start: "nsu=urn:example:plc;s=Press"})
	if status.State != browseDone || status.Found != len(nodes) || status.Described != len(nodes) || status.LeftOut != 0 || status.Truncated {
		t.Fatalf("%+v", status)
	}
	byName := map[string]Node{}
	for _, n := range nodes {
		byName[n.Name] = n
	}
	low, high := 10.0, 380.0
	const space, object = "nsu=urn:example:plc;s=Press.", "nsu=urn:example:plc;s=Press"
	for _, want := range []Node{
		{Name: "Force", Path: "Force", Kind: "variable", NodeID: space + "Force", Type: "Float64", ReadWrite: "R", DataType: "Double", Description: "Force of the ram", Units: "kN"},
		{Name: "Setpoint", Path: "Setpoint", Kind: "variable", NodeID: space + "Setpoint", Type: "Float32", ReadWrite: "RW", DataType: "Float", Units: "kN", Minimum: &low, Maximum: &high},
		{Name: "Temperatures", Path: "Temperatures", Kind: "variable", NodeID: space + "Temperatures", Type: "Float32Array", ReadWrite: "R", DataType: "Float"},
		{Name: "Mode", Path: "Mode", Kind: "variable", NodeID: space + "Mode", Type: "Int32", ReadWrite: "RW", DataType: "Mode", Values: map[string]string{"0": "Off", "1": "Manual", "2": "Automatic"}},
		{Name: "Recipe", Path: "Recipe", Kind: "variable", NodeID: space + "Recipe", Type: "Object", ReadWrite: "RW", DataType: "Recipe"},
		{Name: "Parts", Path: "Parts", Kind: "variable", NodeID: space + "Parts", Type: "Object", ReadWrite: "RW", DataType: "Part"},
		{Name: "LastStroke", Path: "LastStroke", Kind: "variable", NodeID: space + "LastStroke", Type: "String", ReadWrite: "R", DataType: "DateTime"},
		{Name: "Start", Path: "Start", Kind: "method", NodeID: space + "Start", ObjectID: object, Type: "Bool", ReadWrite: "W"},
		{Name: "Load", Path: "Load", Kind: "method", NodeID: space + "Load", ObjectID: object, Type: "Object", ReadWrite: "W",
			Inputs:  []NodeArgument{{Name: "recipe", Type: "Object", DataType: "Recipe"}, {Name: "count", Type: "Int32", DataType: "Int32"}},
			Outputs: []NodeArgument{{Name: "text", Type: "String", DataType: "String"}}},
	} {
		if diff := cmp.Diff(want, byName[want.Name]); diff != "" {
			t.Errorf("%s: %s", want.Name, diff)
		}
	}
	want := []string{"Force", "LastPart", "LastStroke", "Load", "Mode", "Order", "Parts", "Recipe", "Running", "Setpoint", "Start", "Starts", "Strokes", "Temperatures"}
	if diff := cmp.Diff(want, nodeNames(nodes)); diff != "" {
		t.Error(diff)
	}
}

func browseTypes(t *testing.T, base string, there map[string]any) {
	status, nodes := browseAll(t, base, BrowseRequest{Protocol: there, Start: "nsu=urn:example:zoo;s=Zoo"})
	if status.LeftOut != 1 || !slices.Equal(status.Problems, []string{"Locked: the user may not call it"}) {
		t.Errorf("%+v", status)
	}
	want := map[string]driver.Type{
		"LocalizedText": "String", "LocalizedTexts": "StringArray", "DateTime": "String", "DateTimes": "StringArray", "FarDateTime": "String", "ByteString": "Binary",
		"ByteStrings": "Object", "Bytes": "Uint8Array", "QualifiedName": "String", "QualifiedNames": "StringArray", "Guid": "String", "Guids": "StringArray", "NodeId": "String",
		"NodeIds": "StringArray", "XmlElement": "String", "StatusCode": "String", "Duration": "Float64", "Number": "Int16", "Matrix": "Object", "Point": "Object", "Outcome": "Object",
		"Outcomes": "Object", "Parcel": "Object", "Crate": "Object", "Any": "Object", "SomePart": "Object",
	}
	got := map[string]driver.Type{}
	for _, n := range nodes {
		got[n.Name] = n.Type
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// The mill's axes lead back to the mill.
func browseMill(t *testing.T, base string, there map[string]any) {
	start := "nsu=urn:example:cnc;s=Mill"
	for name, c := range map[string]struct {
		request BrowseRequest
		want    []string
	}{
		"match":   {BrowseRequest{Start: start, Match: "^Axes/.*Position$"}, []string{"Axes_X_Position", "Axes_Y_Position", "Axes_Z_Position"}},
		"exclude": {BrowseRequest{Start: start, Match: "Load$", Exclude: "^Axes"}, []string{"Spindle_Load"}},
		"depth":   {BrowseRequest{Start: start, Depth: 1}, []string{"Alarms", "OperatingMode", "PartCount", "PowerOnTime", "SelectProgram"}},
		"methods": {BrowseRequest{Start: start, Depth: 1, NoMethods: true, Match: "m"}, []string{"Alarms", "PowerOnTime"}},
		"objects": {BrowseRequest{Match: "^Mill/Spindle/"}, []string{"Mill_Spindle_Load", "Mill_Spindle_Speed", "Mill_Spindle_Tool"}},
		"itself":  {BrowseRequest{Start: start + ".PartCount"}, []string{"PartCount"}},
		"propert": {BrowseRequest{Start: start + ".Override.Feed", Properties: true}, []string{"Feed", "Feed_EURange", "Feed_EngineeringUnits"}},
		"server":  {BrowseRequest{Start: "i=2253", Match: "^ServerStatus/(State|StartTime)$"}, []string{"ServerStatus_StartTime", "ServerStatus_State"}},
	} {
		c.request.Protocol = there
		status, nodes := browseAll(t, base, c.request)
		if diff := cmp.Diff(c.want, nodeNames(nodes)); diff != "" {
			t.Errorf("%s: %+v %s", name, status, diff)
		}
	}
}

// Every node that a browse finds can be read as the resource that it says, and a
// device of the service can be named for it.
func browsedResources(t *testing.T, d *Driver, peer *servers.OPCUA, base string) {
	add(t, d, deviceAt("dev", peer.Endpoint()))
	defer d.Remove("dev")
	_, nodes := browseAll(t, base, BrowseRequest{Device: "dev", Match: "^(Press|Mill|Zoo)/"})
	var resources []driver.Resource
	for _, n := range nodes {
		if n.Kind == "variable" {
			resources = append(resources, driver.Resource{Name: n.Name, Type: n.Type, Readable: true, Attributes: map[string]any{nodeIDAttribute: n.NodeID}})
		}
	}
	if len(resources) < 40 {
		t.Errorf("only %d variables", len(resources))
	}
	for _, r := range mustRead(t, d, "dev", resources...) {
		if r.Err != nil {
			t.Errorf("%s: %v", r.Resource, r.Err)
		}
	}
}

// More references than fit an answer, of more nodes than the server has
// continuation points for, and more nodes than one request may name.
func browseMany(t *testing.T, peer *servers.OPCUA, base string, there map[string]any) {
	const objects, variables = 8, 501
	peer.Tell(t, fmt.Sprintf("crowd %d %d", objects, variables))
	began := time.Now()
	status, nodes := browseAll(t, base, BrowseRequest{Protocol: there, Start: "ns=1;s=Crowd", MaxNodes: 20000})
	if status.State != browseDone || len(nodes) != objects*variables || status.LeftOut != 0 {
		t.Fatalf("%d nodes, %+v", len(nodes), status)
	}
	t.Logf("%d nodes in %v", len(nodes), time.Since(began))
	if status, nodes = browseAll(t, base, BrowseRequest{Protocol: there, Start: "ns=1;s=Crowd", MaxNodes: 2000}); !status.Truncated || len(nodes) > 2000 || len(nodes) < 1900 {
		t.Errorf("%d nodes, %+v", len(nodes), status)
	}
}

func browseBounds(t *testing.T, d *Driver, base string, there map[string]any) {
	var refusal struct{ Message string }
	for _, c := range []struct {
		body string
		code int
		want string
	}{
		{`{}`, 400, `either "device" names a device of this service, or "protocol"`},
		{`{"device": "none"}`, 404, `unknown device "none"`},
		{`{"protocol": {"Endpoint": "http://x"}, "depth": -1, "match": "(", "start": "x"}`, 400, "depth: -1 is not a number from 1 to 50"},
		{`{"protocol": {"Endpoint": "http://x"}}`, 400, `scheme "http" is not supported`},
		{`{"devise": "x"}`, 400, `unknown field "devise"`},
	} {
		if code := ask(t, http.MethodPost, base+"opcua/browse", c.body, &refusal); code != c.code || !strings.Contains(refusal.Message, c.want) {
			t.Errorf("%s: %d %s", c.body, code, refusal.Message)
		}
	}
	status, _ := browseAll(t, base, BrowseRequest{Protocol: there, Start: "ns=1;s=Nothing"})
	if status.State != browseFailed || !strings.Contains(status.Error, "start ns=1;s=Nothing: server says BadNodeIDUnknown") {
		t.Errorf("%+v", status)
	}
	if code := ask(t, http.MethodGet, base+"opcua/browse/"+status.ID+"/nodes", "", &refusal); code != http.StatusConflict {
		t.Errorf("nodes of a failed browse: %d %s", code, refusal.Message)
	}
	if code := ask(t, http.MethodGet, base+"opcua/browse/none", "", &refusal); code != http.StatusNotFound {
		t.Errorf("%d", code)
	}
	for range 6 {
		status, _ = browseAll(t, base, BrowseRequest{Protocol: there, Start: "ns=1;s=Nothing"})
	}
	d.browser.mu.Lock()
	kept := len(d.browser.jobs)
	d.browser.mu.Unlock()
	if kept > browsesKept {
		t.Errorf("%d browses are kept", kept)
	}
}

// Browses at a server that does not answer: so many at once, and each can be
// cancelled.
func TestBrowsesAreBoundedAndCancelled(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Word": uint16(1)})
	d := newDriver(t, patient)
	base := routesOf(t, d)
	p.Silence(true)
	body := fmt.Sprintf(`{"protocol": {"Endpoint": %q}}`, p.endpoint())
	var jobs []BrowseStatus
	for range mostBrowses {
		var status BrowseStatus
		if code := ask(t, http.MethodPost, base+"opcua/browse", body, &status); code != http.StatusAccepted {
			t.Fatal(code)
		}
		jobs = append(jobs, status)
	}
	var refusal struct{ Message string }
	if code := ask(t, http.MethodPost, base+"opcua/browse", body, &refusal); code != http.StatusTooManyRequests || refusal.Message != errTooManyBrowses.Error() {
		t.Errorf("%d %s", code, refusal.Message)
	}
	if code := ask(t, http.MethodDelete, base+"opcua/browse/"+jobs[1].ID, "", nil); code != http.StatusNoContent {
		t.Error(code)
	}
	closed := make(chan error)
	go func() { closed <- d.Close() }() // ends the first one
	await(t, "the end of all", func() bool { return d.browser.ctx.Err() != nil })
	p.Silence(false) // the library's handshake does not end before
	if err := <-closed; err != nil {
		t.Error(err)
	}
	for _, job := range jobs {
		var status BrowseStatus
		if code := ask(t, http.MethodGet, base+"opcua/browse/"+job.ID, "", &status); code != http.StatusOK || status.State != browseCancelled {
			t.Errorf("%d %+v", code, status)
		}
	}
	if code := ask(t, http.MethodPost, base+"opcua/browse", body, &refusal); code != http.StatusBadRequest {
		t.Errorf("a browse of a closed driver: %d", code)
	}
}

func TestNamesOfResources(t *testing.T) {
	n := names{}
	for _, c := range []struct {
		path []string
		want string
	}{
		{[]string{"Axes", "X", "Actual Position"}, "Axes_X_Actual_Position"}, {[]string{"a.b", "c/d"}, "a_b_c_d"}, {[]string{"a_b", "c+d"}, "a_b_c_d_2"},
		{[]string{"Größe"}, "Größe"}, {nil, "_2"},
	} {
		if got := n.of(c.path); got != c.want {
			t.Errorf("%v is %q, want %q", c.path, got, c.want)
		}
	}
}

func FuzzBrowseRequest(f *testing.F) {
	f.Add([]byte(`{"device": "a", "start": "nsu=urn:a;s=b", "depth": 3, "match": "^a", "maxNodes": 10}`))
	f.Add([]byte(`{"protocol": {"Endpoint": "opc.tcp://a"}, "exclude": "(", "depth": -1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var r BrowseRequest
		if json.Unmarshal(body, &r) != nil {
			return
		}
		w, err := r.check()
		if err == nil && (w.Depth < 1 || w.Depth > deepestBrowse || w.MaxNodes < 1 || w.MaxNodes > mostNodes || w.start.id == nil) {
			t.Errorf("%s: %+v", body, w)
		}
	})
}
