package mqtt

import (
	"testing"

	"sluice/rules-service/internal/connector"
)

// What a row costs before it is published.
func BenchmarkShapes(b *testing.B) {
	ids := newCounter()
	aws := AWSSink{Message: "shadow", AWSThing: AWSThing{Thing: "boiler"}, Publication: defaultPublication}
	azure := AzureSink{Message: "event", ContentType: "application/json", AzureDevice: AzureDevice{DeviceID: "boiler"}, Publication: defaultPublication}
	aliyun := AliyunSink{Message: "property", TimeField: "ts", AliyunDevice: AliyunDevice{ProductKey: "pk", DeviceName: "boiler"}, Publication: defaultPublication}
	huawei := HuaweiSink{Message: "property", Service: "boiler", TimeField: "ts", HuaweiDevice: HuaweiDevice{DeviceID: "boiler"}}
	m := &connector.Outbound{Payload: []byte(`{"device":"boiler-1","temperature":81.5,"humidity":40,"ts":1700000000000}`)}
	for name, d := range map[string]dialect{"aws": aws.dialect(ids), "azure": azure.dialect(ids), "aliyun": aliyun.dialect(ids), "huawei": huawei.dialect()} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, payload, _, err := d.shape(m); err != nil || len(payload) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}
