package servers

import "testing"

// The databases start, can be killed, and start again with their data.
func TestDatabases(t *testing.T) {
	for name, open := range map[string]func(testing.TB) *Database{"PostgreSQL": Postgres, "MariaDB": MariaDB} {
		t.Run(name, func(t *testing.T) {
			d := open(t)
			d.Kill()
			d.Start(t)
			d.Expire(t)
		})
	}
}

func TestInfluxDB(t *testing.T) {
	p := InfluxDB(t)
	p.Kill()
	p.Start(t)
	_, _ = InfluxDBSecured(t)
}

func TestRedisTLS(t *testing.T) { RedisTLS(t, "secret") }
