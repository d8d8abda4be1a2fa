/**
 * Every device heard of, and how long it has been quiet against its usual gap.
 * May import: react.
 */
import type { Device } from '../../common/console.ts';
import { useConsole, useIsLive, useNow } from '../model/console.tsx';
import { count, countdown } from '../model/format.ts';
import { openImport } from '../model/import-place.ts';
import { useQuery } from '../model/query.ts';
import { addressOf, go } from '../model/route.ts';
import { visible } from '../model/visible.ts';
import { deviceWords, rhythmOf } from '../model/words.ts';
import { Button } from '../ui/button.tsx';
import { Instant } from '../ui/instant.tsx';
import { StatusMark } from '../ui/marks.tsx';
import { Bones, Empty, NotRenewed } from '../ui/states.tsx';

export function Devices() {
  const { data, error, isLoading } = useQuery('getDevices', {}, 2000);
  return (
    <section className="panel column overview-list" aria-label="Devices">
      <div className="panel-head">
        <h2>Devices</h2>
        <span className="space" />
        {data !== null && <NotRenewed error={error} />}
        <span className="small text3">{rhythmOf(data?.devices ?? [])}</span>
      </div>
      {isLoading && <Bones />}
      {error !== null && data === null && <Empty>{error}</Empty>}
      {data?.devices.length === 0 && <NoDevices />}
      {data !== null && data.devices.length > 0 && <DeviceTable devices={data.devices} />}
    </section>
  );
}

function NoDevices() {
  const capture = useConsole(({ status }) => status?.capture);
  const isLive = useIsLive();
  if (capture?.state === 'capturing')
    return (
      <Empty>
        Listening on {capture.interface ?? 'the network'}
        {capture.ports === undefined ? '' : `, port ${capture.ports.join(', ')}`}. No device has talked yet.
      </Empty>
    );
  return (
    <Empty
      actions={
        <>
          <Button onPress={() => go(addressOf('settings', 'capture'))}>Choose</Button>
          <Button isDisabled={!isLive} onPress={openImport}>
            Import
          </Button>
        </>
      }
    >
      Capture is off. Choose a network interface, or import a capture file.
    </Empty>
  );
}

function DeviceTable({ devices }: { devices: Device[] }) {
  const now = useNow();
  return (
    <div className="scroll space" tabIndex={0} role="region" aria-label="Devices, table">
      <table className="data devices">
        <thead>
          <tr>
            <th>Device</th>
            <th>Address</th>
            <th>State</th>
            <th className="end">Quiet for</th>
            <th className="end">Usual gap</th>
            <th className="wide-only">Last hour</th>
            <th className="end">Today</th>
          </tr>
        </thead>
        <tbody>
          {devices.map((device) => (
            <tr key={`${device.label} ${device.address}`}>
              <td title={[device.label, device.facility].filter((part) => part !== undefined).join(', ')}>
                <a
                  className="device-link medium"
                  href={addressOf('sessions', null, new URLSearchParams({ device: device.label }))}
                >
                  <bdi>{visible(device.label)}</bdi>
                </a>
                {device.facility !== undefined && (
                  <span className="text3 device-facility">
                    <bdi>{visible(device.facility)}</bdi>
                  </span>
                )}
              </td>
              <td className="mono text2" title={device.address}>
                {device.address}
              </td>
              <td>
                <StatusMark word={deviceWords[device.state]} />
              </td>
              <td className={`end ${device.state === 'quiet' ? 'strong tone-retry' : ''}`}>
                {device.lastSeenAt === undefined ? (
                  '–'
                ) : (
                  <Instant at={device.lastSeenAt}>{countdown(now - device.lastSeenAt)}</Instant>
                )}
              </td>
              <td className="end text2">{device.usualGapMs === undefined ? '–' : countdown(device.usualGapMs)}</td>
              <td className="wide-only">
                <Sparkline values={device.lastHour} />
              </td>
              <td className="end">{count(device.today)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Sparkline({ values }: { values: number[] }) {
  const top = Math.max(1, ...values);
  const step = 120 / Math.max(1, values.length);
  const bars = values.map((value, index) => ({
    x: index * step,
    value,
    height: value === 0 ? 1 : Math.max(3, (16 * value) / top),
  }));
  return (
    <svg
      className="sparkline"
      viewBox="0 0 120 16"
      role="img"
      aria-label={`${values.reduce((sum, value) => sum + value, 0)} in the last hour`}
    >
      {bars.map(({ x, value, height }) => (
        <rect
          key={x}
          x={x}
          y={16 - height}
          width={step * 0.65}
          height={height}
          rx="0.8"
          fill={value === 0 ? 'var(--line2)' : 'var(--field)'}
        />
      ))}
    </svg>
  );
}
