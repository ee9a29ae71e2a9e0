package kubeedge

import "strings"

// twins makes the lists of the twin bridge: what it is to set at its start, and
// what it is to report.
func (c *conversion) twins() {
	for i := range c.parts {
		p := &c.parts[i]
		if p.source() == "" {
			continue
		}
		if p.command != nil {
			if p.setting.Desired != nil || p.reported() {
				p.warn("it is several resources: it has no twin")
			}
			continue
		}
		of := twinOf{c.deviceID(), p.property.Name, p.property.Type, c.name, p.source()}
		if d := p.setting.Desired; d != nil && d.Value != "" {
			if strings.Contains(p.resources[0].Properties.ReadWrite, "W") {
				c.result.Desired = append(c.result.Desired, DesiredValue{of, d.Value})
			} else {
				p.warn("it has a desired value and cannot be set: the value has no effect")
			}
		}
		if !p.reported() {
			continue
		}
		r := ReportedProperty{twinOf: of, CollectMS: p.collect.Milliseconds(), ReportMS: p.report.Milliseconds()}
		if p.sampled() {
			r.Rule = p.ruleID("report")
		}
		c.result.Reported = append(c.result.Reported, r)
	}
}

// reported tells whether the values of a property go to the cloud: up to
// v1alpha2 those of its twins, later those that say so.
func (p *part) reported() bool {
	if p.setting.ReportToCloud != nil {
		return *p.setting.ReportToCloud
	}
	return p.device.Version != V1Beta1 && (p.setting.Desired != nil || p.setting.Reported != nil) || p.sampled()
}
