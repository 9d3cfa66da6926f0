import '../i18n/addPairing'
import './pairing.css'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Modal, QRCode, Segmented, Skeleton } from 'antd'
import { useCallback, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isLocal } from '../room/addresses'
import { useServerTime } from '../room/useRoom'
import ConfirmDelete from '../shared/ConfirmDelete'
import { useDesk } from '../shared/desk'
import { clockTime, moment } from '../shared/format'
import { useProblemText } from '../shared/problems'
import type { Room } from './api'
import { type Device, type DeviceRole, linkOf, type OpenedPairing, pairingApi, readable } from './pairing'

const LOOK_MS = 2000
/** A device is noted as seen every half a minute. */
const ONLINE_MS = 45_000

/** Pair screens and remotes with a room, see which are, and end them. A chunk of its own, with the QR code's drawing. */
export default function Pairing({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation()
  const [role, setRole] = useState<DeviceRole>('display')
  const devices = useQuery({
    queryKey: ['devices', room.id],
    queryFn: () => pairingApi.devices(room.id),
    refetchInterval: LOOK_MS,
  })
  return (
    <Modal open title={t('pairing.title', { room: room.name })} footer={null} onCancel={onClose} width={600}>
      <div className="pairing" data-testid="pairing">
        <p className="muted">{t('pairing.lead')}</p>
        {isLocal(location.hostname) && <Alert type="warning" showIcon title={t('pairing.local')} />}
        <div className="row">
          <Segmented<DeviceRole>
            aria-label={t('pairing.role')}
            value={role}
            onChange={setRole}
            options={[
              { value: 'display', label: t('pairing.display') },
              { value: 'remote', label: t('pairing.remote') },
            ]}
          />
          <span className="muted">{t(`pairing.${role}Hint`)}</span>
        </div>
        <Code key={role} room={room} role={role} devices={devices.data ?? []} />
        <Devices room={room} devices={devices.data} />
      </div>
    </Modal>
  )
}

/** The code and the QR code, as long as they are good; what became of them else. */
function Code({ room, role, devices }: { room: Room; role: DeviceRole; devices: readonly Device[] }) {
  const { t } = useTranslation()
  const { socket } = useDesk()
  const problemText = useProblemText()
  const now = useServerTime(socket, 500)
  const [opened, setOpened] = useState<OpenedPairing>()
  const [problem, setProblem] = useState<unknown>()
  const current = useRef<string>(undefined)
  const open = useCallback(async () => {
    setOpened(undefined)
    setProblem(undefined)
    try {
      const made = await pairingApi.open(room.id, role)
      if (current.current === 'gone') void pairingApi.close(room.id, made.id).catch(() => undefined)
      else {
        current.current = made.id
        setOpened(made)
      }
    } catch (error) {
      setProblem(error)
    }
  }, [room.id, role])
  useEffect(() => {
    current.current = undefined
    void open()
    return () => {
      // A code that nobody sees any more is good for nobody.
      const id = current.current
      current.current = 'gone'
      if (id) void pairingApi.close(room.id, id).catch(() => undefined)
    }
  }, [open, room.id])
  const state = useQuery({
    queryKey: ['pairing', opened?.id],
    queryFn: () => pairingApi.read(room.id, opened?.id ?? ''),
    enabled: opened !== undefined,
    refetchInterval: ({ state: { data } }) => (data?.status === 'used' ? false : LOOK_MS),
  }).data
  if (problem)
    return (
      <Alert
        type="error"
        showIcon
        title={problemText(problem)}
        action={<Button onClick={() => void open()}>{t('pairing.renew')}</Button>}
      />
    )
  if (!opened)
    return (
      <section aria-label={t('pairing.opening')}>
        <Skeleton active paragraph={{ rows: 4 }} />
      </section>
    )
  const left = (Date.parse(opened.expires_at) - now) / 1000
  const status = state?.status === 'open' && left <= 0 ? 'expired' : (state?.status ?? 'open')
  const device = devices.find(({ id }) => id === state?.device_id)
  if (status === 'used' || status === 'expired')
    return (
      <Alert
        type={status === 'used' ? 'success' : 'info'}
        showIcon
        data-testid="pairing-over"
        title={
          status === 'expired'
            ? t('pairing.expired')
            : device
              ? t('pairing.used', { name: device.name })
              : t('pairing.usedUnknown')
        }
        action={
          <Button type="primary" autoFocus onClick={() => void open()}>
            {t(status === 'used' ? 'pairing.another' : 'pairing.renew')}
          </Button>
        }
      />
    )
  return (
    <div className="pairing-code">
      <figure>
        <div className="pairing-qr" data-testid="qr">
          {/* Black on white also in the dark: many cameras read no other. */}
          <QRCode
            type="svg"
            aria-label={t('pairing.qr')}
            value={linkOf(location.origin, opened.secret)}
            size={200}
            color="#000"
            bgColor="#fff"
            errorLevel="M"
            bordered={false}
          />
        </div>
        <figcaption className="muted">{t('pairing.scan')}</figcaption>
      </figure>
      <div>
        <p className="muted">{t('pairing.type', { address: `${location.host}/pair` })}</p>
        {status === 'void' ? (
          <Alert type="warning" showIcon title={t('pairing.void')} />
        ) : (
          <p
            className="pairing-digits"
            role="img"
            aria-label={t('pairing.code', { code: [...opened.code].join(' ') })}
            data-testid="code"
          >
            {readable(opened.code)}
          </p>
        )}
        <p className="muted number">{t('pairing.left', { time: clockTime(left) })}</p>
        <Button onClick={() => void open()}>{t('pairing.renew')}</Button>
      </div>
    </div>
  )
}

function Devices({ room, devices }: { room: Room; devices: readonly Device[] | undefined }) {
  const { t, i18n } = useTranslation()
  const { socket } = useDesk()
  const queries = useQueryClient()
  const problemText = useProblemText()
  const [problem, setProblem] = useState<unknown>()
  const [ending, setEnding] = useState<Device>()
  const now = useServerTime(socket, 5000)
  const revoke = async (device: Device) => {
    setProblem(undefined)
    try {
      await pairingApi.revoke(room.id, device.id)
    } catch (error) {
      setProblem(error)
    }
    await queries.invalidateQueries({ queryKey: ['devices', room.id] })
  }
  return (
    <section aria-labelledby="paired-devices">
      <h2 id="paired-devices">{t('pairing.devices')}</h2>
      {problem !== undefined && <Alert type="error" showIcon title={problemText(problem)} />}
      {devices === undefined && <Skeleton active title={false} paragraph={{ rows: 2 }} />}
      {devices?.length === 0 && <p className="muted">{t('pairing.devicesNone')}</p>}
      {devices && devices.length > 0 && (
        <>
          <ul className="pairing-devices">
            {devices.map((device) => (
              <li key={device.id} data-testid="device">
                <div>
                  <strong>{device.name}</strong> <span>{t(`pairing.${device.role}`)}</span>
                  <p className="muted">
                    {now - Date.parse(device.seen_at) < ONLINE_MS
                      ? t('pairing.now')
                      : t('pairing.seen', { time: moment(device.seen_at, i18n.language) })}{' '}
                    · {t('pairing.by', { name: device.paired_by_name })}
                  </p>
                </div>
                <Button
                  danger
                  aria-label={t('pairing.revokeOf', { name: device.name })}
                  onClick={() => setEnding(device)}
                >
                  {t('pairing.revoke')}
                </Button>
              </li>
            ))}
          </ul>
          <p className="muted">{t('pairing.keeps')}</p>
        </>
      )}
      {ending && (
        <ConfirmDelete
          title={t('pairing.revokeAsk', { name: ending.name })}
          okText={t('pairing.revoke')}
          onDelete={() => revoke(ending)}
          onClose={() => setEnding(undefined)}
        />
      )}
    </section>
  )
}
