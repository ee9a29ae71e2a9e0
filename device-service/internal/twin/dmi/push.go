package dmi

import pb "github.com/kubeedge/api/apis/dmi/v1beta1"

// pushObject is a pushMethod by the names that the objects have.
func pushObject(m *pb.PushMethod) object {
	o := object{}
	if v := m.GetHttp(); v != nil {
		o["http"] = short(object{"hostName": v.GetHostname(), "port": v.GetPort(), "requestPath": v.GetRequestpath(), "timeout": v.GetTimeout()})
	}
	if v := m.GetMqtt(); v != nil {
		o["mqtt"] = short(object{"address": v.GetAddress(), "topic": v.GetTopic(), "qos": v.GetQos(), "retained": v.GetRetained()})
	}
	if v := m.GetOtel(); v != nil {
		o["otel"] = object{"endpointURL": v.GetEndpointURL()}
	}
	if v := m.GetDbMethod(); v != nil {
		o["dbMethod"] = databaseObject(v)
	}
	return o
}

func databaseObject(m *pb.DBMethod) object {
	o := object{}
	if v := m.GetInfluxdb2(); v != nil {
		o["influxdb2"] = influxObject(v)
	}
	if v := m.GetRedis().GetRedisClientConfig(); v != nil {
		o["redis"] = object{"redisClientConfig": short(object{
			"addr": v.GetAddr(), "db": v.GetDb(), "poolsize": v.GetPoolsize(), "minIdleConns": v.GetMinIdleConns(),
		})}
	}
	if v := m.GetTdengine().GetTdEngineClientConfig(); v != nil {
		o["TDEngine"] = object{"TDEngineClientConfig": short(object{"addr": v.GetAddr(), "dbName": v.GetDbname()})}
	}
	if v := m.GetMysql().GetMysqlClientConfig(); v != nil {
		o["mysql"] = object{"mysqlClientConfig": short(object{"addr": v.GetAddr(), "database": v.GetDatabase(), "userName": v.GetUserName()})}
	}
	return o
}

func influxObject(m *pb.DBMethodInfluxdb2) object {
	o := object{}
	if c := m.GetInfluxdb2ClientConfig(); c != nil {
		o["influxdb2ClientConfig"] = short(object{"url": c.GetUrl(), "org": c.GetOrg(), "bucket": c.GetBucket()})
	}
	if c := m.GetInfluxdb2DataConfig(); c != nil {
		data := short(object{"measurement": c.GetMeasurement(), "fieldKey": c.GetFieldKey()})
		if len(c.GetTag()) > 0 {
			data["tag"] = c.GetTag()
		}
		o["influxdb2DataConfig"] = data
	}
	return o
}
