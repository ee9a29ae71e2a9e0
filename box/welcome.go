package main

import "fmt"

// welcome says what there is to try.
func (f flags) welcome() string {
	rules, modbus, opcua := f.RulesPort, f.ModbusPort, f.OpcuaPort
	return fmt.Sprintf(`
  boiler-hot      while boiler-1 is over 80 degC: an alarm to WeCom, ERP and cloud every 5 s
  burner-off/-on  hold the pressure of boiler-2 between 5 and 6 bar by commands to boiler-1
  overheat/-end   stop boiler-2 and lock boiler-1 while the steam is hotter than boiler-2's Threshold, till 5 degC below
  boiler-average  mean temperature of each 10 s to the topic plant/averages

  rules       curl http://127.0.0.1:%[1]d/rules
  one rule    curl http://127.0.0.1:%[1]d/rules/boiler-hot/status
  a register  curl http://127.0.0.1:%[2]d/api/v3/device/name/boiler-1/Values
  a node      curl http://127.0.0.1:%[3]d/api/v3/device/name/boiler-2/Values
  write       curl -X PUT http://127.0.0.1:%[2]d/api/v3/device/name/boiler-1/Setpoint -d '{"Setpoint":"75"}'
  threshold   curl -X PUT http://127.0.0.1:%[3]d/api/v3/device/name/boiler-2/Threshold -d '{"Threshold":"75"}'
  devices     curl http://127.0.0.1:%[4]d/api/v3/device/all
  received    curl http://127.0.0.1:%[5]d/received?last=3
  bus         mqtt://127.0.0.1:%[6]d  topics edgex/# and plant/averages
  cloud       mqtt://127.0.0.1:%[7]d  topic %[8]s

Alarms (Ctrl-C ends the box):`, rules, modbus, opcua, f.MetadataPort, f.ReceiverPort, f.BusPort, f.CloudPort, cloudTopic)
}
