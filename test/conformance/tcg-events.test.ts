/** The `events` claim of a real Windows machine, as Azure Attestation issued it, made again from its own raw data. */
import { fromBase64 } from '@assay/core/bytes';
import {
  bootOf,
  type EventLog,
  type EventsView,
  eventsClaim,
  eventsJson,
  type LogEvent,
  replay,
  secureBootOf,
  windowsOf,
} from '@assay/core/tpm';
import { expect, test } from 'vitest';
import { withVectors } from '../setup/vectors.ts';

interface ClaimedEvent {
  readonly Digests: { readonly SHA256: string };
  readonly EventSeq: number;
  readonly EventType: number;
  readonly PcrIndex: number;
  readonly RawData: string;
}

/** The log that the claim was made from. The header, and one event that was not extended, are not in the claim. */
function logOf(claim: { readonly Events: readonly ClaimedEvent[] }): EventLog {
  const bySeq = new Map(claim.Events.map((event) => [event.EventSeq, event]));
  const place = { offset: 0, length: 0 };
  const events = Array.from({ length: Math.max(...bySeq.keys()) + 1 }, (_, seq): LogEvent => {
    const event = bySeq.get(seq);
    if (!event) return { seq, pcr: 0, claimedType: 3, digests: [], claimedData: new Uint8Array(0), ...place };
    return {
      seq,
      pcr: event.PcrIndex,
      claimedType: event.EventType,
      digests: [{ algorithm: 11, digest: fromBase64(event.Digests.SHA256) }],
      claimedData: fromBase64(event.RawData),
      ...place,
    };
  });
  return { kind: 'tcg', format: 'agile', algorithms: [11], specification: undefined, events, padding: 0 };
}

const view: EventsView = {
  bank: 'sha256',
  shown: ['sha256'],
  pcrs: new Set(Array.from({ length: 24 }, (_, index) => index)),
  mode: 'maa',
};

withVectors('The events claim', 'tokens', (folder) => {
  const text = folder.text('tpm-2025-01-28-events-claim.json');
  const log = logOf(JSON.parse(text));

  test('is the same byte for byte', () => {
    const made = eventsClaim(eventsJson([log], view));
    expect(made.length).toBe(219_088);
    // Not compared by a matcher: a difference would print both texts.
    expect(made === text).toBe(true);
  });
  test('T16: read strictly, it shows no meaning that a digest does not prove', () => {
    const [all, strict] = [eventsJson([log], view), eventsJson([log], { ...view, mode: 'strict' })];
    const withheld = all.filter((event, i) => 'ProcessedData' in event && !('ProcessedData' in (strict[i] ?? {})));
    expect(withheld.map(({ EventTypeString }) => EventTypeString)).toEqual([
      ...Array.from({ length: 5 }, () => 'EV_EFI_PLATFORM_FIRMWARE_BLOB'),
      'EV_NONHOST_INFO',
      'EV_EFI_BOOT_SERVICES_APPLICATION',
    ]);
    // All else is the same.
    const bare = all.map((event) => {
      const { EventTypeString: _, ProcessedData: __, ...others } = event;
      return withheld.includes(event) ? others : event;
    });
    expect(strict).toEqual(bare);
  });
  test('T15: PCRs that are not covered or not explained have no events', () => {
    const made = eventsJson([log], { ...view, pcrs: new Set([7, 12]) });
    expect(new Set(made.map(({ PcrIndex }) => PcrIndex))).toEqual(new Set([7, 12]));
  });
  test('numbers run on over several logs', () => {
    const made = eventsJson([log, log], view);
    expect(made[50]?.['EventSeq']).toBe(52 + 1);
  });
  test('the facts of that boot', () => {
    const told = replay('sha256', log);
    const { determined, on, authorities } = secureBootOf(told, true);
    expect([determined, on]).toEqual([true, true]);
    expect(authorities.map(({ name, isKnown, isRevoked }) => [name, isKnown, isRevoked])).toEqual([
      ['db', true, false],
    ]);
    expect(bootOf(told, view.pcrs)).toMatchObject({
      handedOver: true,
      programs: [{ claimedPath: expect.stringContaining('\\EFI\\Microsoft\\Boot\\bootmgfw.efi') }],
    });
    expect(windowsOf(told, { pcrs: view.pcrs, mode: 'strict' })).toMatchObject({
      iommuEnabled: true,
      bootDebuggingDisabled: true,
      notSafeMode: true,
      notWinPE: true,
      // Nothing says that it is enforced.
      vbsEnabled: false,
      bootCounter: 363n,
      counterId: 21037057n,
      transfers: [1n, 5n],
    });
  });
});
