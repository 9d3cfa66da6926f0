import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Input, Select, Table } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../shared/api'
import { useCommandKeys } from '../shared/commands'
import { useProblemText } from '../shared/problems'
import { noRows, Unread } from '../shared/Unread'
import { type Platform, type Room, settingsApi } from './api'

const platforms = ['douyin', 'taobao', 'kuaishou', 'shipinhao'] as const

/** The rooms, and for each the platform whose rules are added in it. */
export function Rooms({ writes }: { writes: boolean }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const problemText = useProblemText()
  const cache = useQueryClient()
  const rooms = useQuery({ queryKey: ['rooms'], queryFn: api.rooms })
  const hosts = useQuery({ queryKey: ['hosts'], queryFn: api.hosts })
  const keyFor = useCommandKeys()
  const [name, setName] = useState('')
  const [busy, setBusy] = useState<string>()

  const change = async (what: string, act: () => Promise<unknown>) => {
    setBusy(what)
    try {
      await act()
    } catch (error) {
      message.error(problemText(error))
      return false
    } finally {
      await cache.invalidateQueries({ queryKey: ['rooms'] })
      setBusy(undefined)
    }
    return true
  }
  const add = async () => {
    const typed = name.trim()
    if (typed && (await change('new', () => settingsApi.addRoom(typed, keyFor(typed))))) setName('')
  }
  return (
    <section className="settings-part" aria-labelledby="rooms-title" data-testid="rooms">
      <h2 id="rooms-title">{t('settings.rooms')}</h2>
      <p className="muted">{t('settings.roomsHint')}</p>
      {!writes && <p className="muted">{t('common.mayNotChange')}</p>}
      <Unread asked={rooms} />
      <Table<Room>
        rowKey="id"
        size="small"
        dataSource={rooms.data ?? []}
        loading={{ spinning: rooms.isPending, delay: 150 }}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
        locale={noRows(rooms, t('settings.none'))}
        scroll={{ x: 'max-content' }}
        columns={[
          { title: t('settings.room'), dataIndex: 'name' },
          {
            title: t('settings.roomHost'),
            dataIndex: 'host_id',
            render: (id: Room['host_id']) =>
              hosts.data?.find((host) => host.id === id)?.name ?? (
                <span className="muted">{t('settings.noHost')}</span>
              ),
          },
          {
            title: t('settings.platform'),
            dataIndex: 'platform',
            render: (platform: Room['platform'], room) => (
              <Select<Platform | ''>
                aria-label={t('settings.platformOf', { room: room.name })}
                data-testid="room-platform"
                style={{ width: 150 }}
                disabled={!writes}
                loading={busy === room.id}
                value={platform ?? ''}
                onChange={(chosen) =>
                  void change(room.id, () => settingsApi.choosePlatform(room.id, chosen || null))
                }
                options={[
                  { value: '', label: t('settings.teamPlatform') },
                  ...platforms.map((value) => ({ value, label: t(`settings.platforms.${value}`) })),
                ]}
              />
            ),
          },
        ]}
      />
      {writes && (
        <form
          className="row"
          onSubmit={(event) => {
            event.preventDefault()
            void add()
          }}
        >
          <Input
            aria-label={t('settings.newRoom')}
            placeholder={t('settings.newRoom')}
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
            style={{ width: 240 }}
          />
          <Button htmlType="submit" disabled={name.trim() === ''} loading={busy === 'new'}>
            {t('settings.addRoom')}
          </Button>
        </form>
      )}
    </section>
  )
}
