package mqtt

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"sluice/rules-service/internal/connector"
)

func decoded(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Passwords for given keys and times, of which the results are known.
func TestKnownPasswords(t *testing.T) {
	azure := azurePassword(decoded(t, "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="), "myhub.azure-devices.net%2Fdevices%2Fdev1", 1700003600)
	aliyun := func(method string) string {
		c := AliyunDevice{ProductKey: "pk", DeviceName: "device", DeviceSecret: "secret", ClientID: "12345", SignMethod: method}
		return c.password("789")
	}
	for got, want := range map[string]string{
		azure:                               "SharedAccessSignature sr=myhub.azure-devices.net%2Fdevices%2Fdev1&sig=oqEOlltdgYIdzuGJanIBwr2YbFjHUgUz%2BZzjMCabcOA%3D&se=1700003600",
		strings.ToUpper(aliyun("hmacsha1")): "FAFD82A3D602B37FB0FA8B7892F24A477F851A14",
		aliyun("hmacsha256"):                "6074a46a91b1ebb2cc4ea42790ad0e80202c9843859fc292e57c4eb19fad9e57",
		huaweiPassword("device-secret", "2023111422"):                                                       "7e877a7f13cf8b6f2e69ccd4eb7cca66e4e70a1780dcd5220d70efa13fc19901",
		tencentPassword(decoded(t, "MDEyMzQ1Njc4OWFiY2RlZg=="), "PRODUCTID1dev1;12010126;abcde;1700003600"): "10adcf4082f4e03fb88323627c57c1afeb03eef245cc026ccb4167bf524d3030;hmacsha256",
	} {
		if got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

// What a device says of itself when it connects, and when it has to again.
func TestLogins(t *testing.T) {
	now := time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC) // 1700000000
	link := defaultLink
	azure := AzureDevice{Server: "myhub.azure-devices.net", DeviceID: "dev1", Key: "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", Life: time.Hour, Link: link}
	certified := AzureDevice{Server: "gateway.local", Hub: "myhub.azure-devices.net", DeviceID: "dev1",
		Link: Link{TLS: connector.TLS{CertificationPath: "x"}}}
	aliyun := AliyunDevice{ProductKey: "pk", DeviceName: "device", DeviceSecret: "secret", ClientID: "12345", Region: "cn-shanghai", SignMethod: "hmacsha256", Link: link}
	plain := aliyun
	plain.Region, plain.Server, plain.SignMethod, plain.ClientID = "", "tcp://h", "hmacsha1", ""
	huawei := HuaweiDevice{Server: "h", DeviceID: "d1", Secret: "device-secret"}
	strict := huawei
	strict.CheckTime = true
	tencent := TencentDevice{ProductID: "PRODUCTID1", DeviceName: "dev1", Key: "MDEyMzQ1Njc4OWFiY2RlZg==", Life: time.Hour}

	l := azure.login(now)
	if l.ClientID != "dev1" || l.Username != "myhub.azure-devices.net/dev1/?api-version=2021-04-12" ||
		!strings.HasSuffix(l.Password, "&sig=oqEOlltdgYIdzuGJanIBwr2YbFjHUgUz%2BZzjMCabcOA%3D&se=1700003600") || !l.Renew.Equal(now.Add(55*time.Minute)) {
		t.Errorf("azure: %+v", l)
	}
	if l := certified.login(now); l.Password != "" || !l.Renew.IsZero() || l.Username != "myhub.azure-devices.net/dev1/?api-version=2021-04-12" {
		t.Errorf("azure with a certificate: %+v", l)
	}
	if l := aliyun.login(now); l.ClientID != "12345|securemode=2,signmethod=hmacsha256,timestamp=1700000000000|" || l.Username != "device&pk" ||
		l.Password != aliyun.password("1700000000000") || !l.Renew.IsZero() {
		t.Errorf("aliyun: %+v", l)
	}
	if l := plain.login(now); l.ClientID != "pk.device|securemode=3,signmethod=hmacsha1,timestamp=1700000000000|" {
		t.Errorf("aliyun without TLS: %+v", l)
	}
	if l := huawei.login(now); l.ClientID != "d1_0_0_2023111422" || l.Username != "d1" ||
		l.Password != "7e877a7f13cf8b6f2e69ccd4eb7cca66e4e70a1780dcd5220d70efa13fc19901" || !l.Renew.IsZero() {
		t.Errorf("huawei: %+v", l)
	}
	if l := strict.login(now.In(time.FixedZone("", 8*3600))); l.ClientID != "d1_0_1_2023111422" {
		t.Errorf("huawei with a checked time: %+v", l)
	}
	l = tencent.login(now)
	parts := strings.Split(l.Username, ";")
	if l.ClientID != "PRODUCTID1dev1" || len(parts) != 4 || parts[0] != l.ClientID || parts[1] != "12010126" || len(parts[2]) != 5 || parts[3] != "1700003600" ||
		l.Password != tencentPassword(decoded(t, "MDEyMzQ1Njc4OWFiY2RlZg=="), l.Username) || !l.Renew.Equal(now.Add(55*time.Minute)) {
		t.Errorf("tencent: %+v", l)
	}
	if short := renewing(now, 10*time.Minute, l); !short.Renew.Equal(now.Add(9 * time.Minute)) {
		t.Errorf("a short life is renewed at %s", short.Renew)
	}
}

func TestAddresses(t *testing.T) {
	for in, want := range map[string]string{"": "", "h": "ssl://h:8883", "h:443": "ssl://h:443", "tcp://h": "tcp://h:1883", "mqtts://h": "mqtts://h:8883",
		"tcp://h:1": "tcp://h:1", "[::1]": "ssl://[::1]:8883", "ssl://": "ssl://", "%zz": "ssl://%zz"} {
		if got := addressOf(in); got != want {
			t.Errorf("%q is %q, not %q", in, got, want)
		}
	}
	if host := hostOf(addressOf("myhub.azure-devices.net")); host != "myhub.azure-devices.net" {
		t.Error(host)
	}
	aws := AWSThing{Server: "h:443", Thing: "boiler", Link: defaultLink}
	if o, err := aws.options(); err != nil || len(o.TLS.NextProtos) != 1 || o.TLS.NextProtos[0] != "x-amzn-mqtt-ca" || o.ClientID != "boiler" {
		t.Error(o, err)
	}
	named := AWSThing{Server: "h", Thing: "boiler", ClientID: "c", Shadow: "s"}
	if o, err := named.options(); err != nil || o.TLS.NextProtos != nil || o.ClientID != "c" || named.shadow() != "$aws/things/boiler/shadow/name/s" {
		t.Error(o, err)
	}
}
