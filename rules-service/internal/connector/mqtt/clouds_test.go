package mqtt

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the interface offers it
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"

	"sluice/rules-service/internal/connectortest"
	"sluice/tests/servers"
)

// cloud is what tests know of one: how its sink is configured for the broker,
// and what broker and service check and answer. A row with a number in "verdict"
// is answered with that code, one with 0 there not at all.
type cloud struct {
	name   string
	broker *connectortest.Broker
	props  map[string]any // of sink and source
	row    map[string]any // of a sink that sends rows and gets answers; nil: there are none
}

const cloudKey = "MDEyMzQ1Njc4OWFiY2RlZg==" // of the devices

func mac(algorithm func() hash.Hash, key, message string) []byte {
	h := hmac.New(algorithm, []byte(key))
	h.Write([]byte(message))
	return h.Sum(nil)
}

func secretBytes() string {
	b, _ := base64.StdEncoding.DecodeString(cloudKey)
	return string(b)
}

// clouds are all of them, each with a broker that runs.
func clouds(t *testing.T) []*cloud {
	t.Helper()
	certs := servers.NewCertificates(t)
	trust := map[string]any{"rootCaPath": certs.CA}
	one := mutual(t, certs)
	one.ClientAuth = 0
	list := []*cloud{
		{"awsiot", &connectortest.Broker{Admit: admitAWS, Answer: answerAWS, TLS: mutual(t, certs)},
			with(with(trust, "certificationPath", certs.ClientCert), "privateKeyPath", certs.ClientKey), map[string]any{"message": "shadow"}},
		{"azureiot", &connectortest.Broker{Admit: admitAzure, Answer: answerAzure, TLS: one}, trust, map[string]any{"message": "twin"}},
		{"aliyuniot", &connectortest.Broker{Admit: admitAliyun, Answer: answerAliyun}, map[string]any{}, map[string]any{"message": "property"}},
		{"huaweiiot", &connectortest.Broker{Admit: admitHuawei}, map[string]any{}, nil},
		{"tencentiot", &connectortest.Broker{Admit: admitTencent, Answer: answerTencent}, map[string]any{}, map[string]any{"message": "shadow"}},
	}
	identities := map[string]map[string]any{
		"awsiot":     {"thingName": "boiler"},
		"azureiot":   {"hub": "myhub.azure-devices.net", "deviceId": "boiler", "sharedAccessKey": cloudKey},
		"aliyuniot":  {"productKey": "pk", "deviceName": "boiler", "deviceSecret": cloudKey},
		"huaweiiot":  {"deviceId": "boiler", "secret": cloudKey, "checkTime": true},
		"tencentiot": {"productId": "PK", "deviceName": "boiler", "deviceSecret": cloudKey},
	}
	for _, c := range list {
		c.broker.Addr = fmt.Sprintf("127.0.0.1:%d", servers.FreePort(t)) // it listens there more than once
		c.broker.Start(t)
		c.props = with(with(c.props, "server", c.broker.URL()), "timeout", "20s")
		for name, v := range identities[c.name] {
			c.props[name] = v
		}
	}
	return list
}

func cloudNamed(t *testing.T, name string) *cloud {
	t.Helper()
	for _, c := range clouds(t) {
		if c.name == name {
			return c
		}
	}
	t.Fatal("there is no cloud " + name)
	return nil
}

func admitAWS(p *packets.ConnectPacket, cert *x509.Certificate) error {
	if cert == nil || p.ClientIdentifier != "boiler" || p.Username != "" {
		return fmt.Errorf("client %s, user %s, certificate %v", p.ClientIdentifier, p.Username, cert != nil)
	}
	return nil
}

func admitAzure(p *packets.ConnectPacket, _ *x509.Certificate) error {
	if p.ClientIdentifier != "boiler" || p.Username != "myhub.azure-devices.net/boiler/?api-version=2021-04-12" {
		return fmt.Errorf("client %s, user %s", p.ClientIdentifier, p.Username)
	}
	token, ok := strings.CutPrefix(string(p.Password), "SharedAccessSignature ")
	q, err := url.ParseQuery(token)
	if !ok || err != nil || q.Get("sr") != "myhub.azure-devices.net/devices/boiler" {
		return fmt.Errorf("password %q", p.Password)
	}
	want := base64.StdEncoding.EncodeToString(mac(sha256.New, secretBytes(), "myhub.azure-devices.net%2Fdevices%2Fboiler\n"+q.Get("se")))
	end, err := strconv.ParseInt(q.Get("se"), 10, 64)
	if err != nil || q.Get("sig") != want || time.Until(time.Unix(end, 0)) <= 0 || time.Until(time.Unix(end, 0)) > time.Hour {
		return fmt.Errorf("password %q", p.Password)
	}
	return nil
}

func admitAliyun(p *packets.ConnectPacket, _ *x509.Certificate) error {
	id, params, _ := strings.Cut(strings.TrimSuffix(p.ClientIdentifier, "|"), "|")
	q, err := url.ParseQuery(strings.ReplaceAll(params, ",", "&"))
	if err != nil || id != "pk.boiler" || q.Get("securemode") != "3" || p.Username != "boiler&pk" {
		return fmt.Errorf("client %s, user %s", p.ClientIdentifier, p.Username)
	}
	algorithm := map[string]func() hash.Hash{"hmacsha1": sha1.New, "hmacsha256": sha256.New}[q.Get("signmethod")]
	at := q.Get("timestamp")
	ms, err := strconv.ParseInt(at, 10, 64)
	if err != nil || algorithm == nil || time.Since(time.UnixMilli(ms)).Abs() > time.Hour {
		return fmt.Errorf("client %s", p.ClientIdentifier)
	}
	if want := mac(algorithm, cloudKey, "clientIdpk.boilerdeviceNameboilerproductKeypktimestamp"+at); !strings.EqualFold(string(p.Password), hex.EncodeToString(want)) {
		return fmt.Errorf("password %s", p.Password)
	}
	return nil
}

func admitHuawei(p *packets.ConnectPacket, _ *x509.Certificate) error {
	hour, ok := strings.CutPrefix(p.ClientIdentifier, "boiler_0_1_")
	at, err := time.Parse(huaweiHour, hour)
	if !ok || err != nil || p.Username != "boiler" || time.Since(at).Abs() > 2*time.Hour {
		return fmt.Errorf("client %s, user %s", p.ClientIdentifier, p.Username)
	}
	if string(p.Password) != hex.EncodeToString(mac(sha256.New, hour, cloudKey)) {
		return fmt.Errorf("password %s", p.Password)
	}
	return nil
}

func admitTencent(p *packets.ConnectPacket, _ *x509.Certificate) error {
	parts := strings.Split(p.Username, ";")
	if p.ClientIdentifier != "PKboiler" || len(parts) != 4 || parts[0] != "PKboiler" || parts[1] != "12010126" || parts[2] == "" {
		return fmt.Errorf("client %s, user %s", p.ClientIdentifier, p.Username)
	}
	end, err := strconv.ParseInt(parts[3], 10, 64)
	if err != nil || time.Until(time.Unix(end, 0)) <= 0 {
		return fmt.Errorf("user %s", p.Username)
	}
	if string(p.Password) != hex.EncodeToString(mac(sha256.New, secretBytes(), p.Username))+";hmacsha256" {
		return fmt.Errorf("password %s", p.Password)
	}
	return nil
}

// state is what the services look for in a row.
type state struct{ Verdict *int }

// code is that of the answer, ok unless the row asks for another one; 0: none.
func (s state) code(ok int) int {
	if s.Verdict == nil {
		return ok
	}
	return *s.Verdict
}

func answerAWS(topic string, payload []byte) (to string, reply []byte) {
	var doc struct {
		State       struct{ Reported *state }
		ClientToken string
	}
	if topic != "$aws/things/boiler/shadow/update" {
		return "", nil
	}
	if err := json.Unmarshal(payload, &doc); err != nil || doc.State.Reported == nil || len(payload) > 8<<10 {
		return topic + "/rejected", []byte(`{"code":400,"message":"Invalid JSON"}`)
	}
	switch code := doc.State.Reported.code(200); code {
	case 0:
		return "", nil
	case 200:
		return topic + "/accepted", fmt.Appendf(nil, `{"state":{},"version":3,"timestamp":1,"clientToken":%q}`, doc.ClientToken)
	default:
		return topic + "/rejected", fmt.Appendf(nil, `{"code":%d,"message":"no way","clientToken":%q}`, code, doc.ClientToken)
	}
}

func answerAzure(topic string, payload []byte) (to string, reply []byte) {
	rid, ok := strings.CutPrefix(topic, "$iothub/twin/PATCH/properties/reported/?$rid=")
	if !ok {
		return "", nil
	}
	var s state
	if json.Unmarshal(payload, &s) != nil {
		return "$iothub/twin/res/400/?$rid=" + rid, nil
	}
	code := s.code(204)
	if code == 0 {
		return "", nil
	}
	return fmt.Sprintf("$iothub/twin/res/%d/?$rid=%s&$version=4", code, rid), []byte("no way")
}

func answerAliyun(topic string, payload []byte) (to string, reply []byte) {
	var doc struct {
		ID, Version, Method string
		Params              struct{ Verdict struct{ Value *int } }
	}
	name, ok := strings.CutPrefix(topic, "/sys/pk/boiler/thing/event/")
	if !ok {
		return "", nil
	}
	name, _ = strings.CutSuffix(name, "/post")
	if err := json.Unmarshal(payload, &doc); err != nil || doc.Version != "1.0" || doc.Method != "thing.event."+name+".post" {
		return topic + "_reply", fmt.Appendf(nil, `{"code":460,"message":"request parameter error","id":%q}`, doc.ID)
	}
	if _, err := strconv.ParseUint(doc.ID, 10, 32); err != nil {
		return "", nil
	}
	code := state{doc.Params.Verdict.Value}.code(200)
	if code == 0 {
		return "", nil
	}
	return topic + "_reply", fmt.Appendf(nil, `{"code":%d,"data":{},"id":%q,"message":"no way","version":"1.0"}`, code, doc.ID)
}

func answerTencent(topic string, payload []byte) (to string, reply []byte) {
	var doc struct {
		Type        string
		State       struct{ Reported *state }
		ClientToken string
	}
	if topic != "$shadow/operation/PK/boiler" || json.Unmarshal(payload, &doc) != nil || doc.Type != "update" || doc.State.Reported == nil {
		return "", nil
	}
	code := doc.State.Reported.code(200)
	if code == 0 {
		return "", nil
	}
	if code == 200 {
		code = 0
	}
	return "$shadow/operation/result/PK/boiler", fmt.Appendf(nil, `{"type":"update","result":%d,"timestamp":1,"clientToken":%q,"payload":{}}`, code, doc.ClientToken)
}

var errStranger = errors.New("it does not know the device")

// mutual is TLS that wants a certificate of both sides.
func mutual(t *testing.T, c servers.Certificates) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.ServerCert, c.ServerKey)
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
}
