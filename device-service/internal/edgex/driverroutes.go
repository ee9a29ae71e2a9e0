package edgex

import (
	"errors"
	"net/url"
	"strings"

	"github.com/edgexfoundry/device-sdk-go/v3/pkg/interfaces"
	"github.com/edgexfoundry/go-mod-core-contracts/v3/common"
	"github.com/labstack/echo/v4"

	"sluice/device-service/internal/driver"
)

// addDriverRoutes adds the routes of the driver, if it has any.
func (b *bridge) addDriverRoutes() error {
	router, ok := b.drv.(driver.Router)
	if !ok {
		return nil
	}
	var failed error
	for _, r := range router.Routes() {
		failed = errors.Join(failed, b.sdk.AddCustomRoute(echoPath(r.Path), interfaces.Authenticated, echoHandler(r), r.Method))
	}
	return failed
}

// echoPath writes the parts of a path as the web server has them.
func echoPath(path string) string {
	return common.ApiBase + "/" + strings.NewReplacer("{", ":", "}", "").Replace(path)
}

func echoHandler(r driver.Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		for i, name := range c.ParamNames() {
			value := c.ParamValues()[i]
			if plain, err := url.PathUnescape(value); err == nil {
				value = plain
			}
			c.Request().SetPathValue(name, value)
		}
		r.Handler(c.Response(), c.Request())
		return nil
	}
}
