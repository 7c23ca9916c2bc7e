/** What an event says of itself, in a few words for people. Nothing proves it but its digest. */
import { type Bytes, decode, fromUtf8 } from '../../bytes/index.ts';
import { Malformed } from '../../errors.ts';
import { EfiVariable, utf16Trimmed } from './efi.ts';
import { eventType } from './event-types.ts';
import { claimedPath } from './image.ts';
import type { LogEvent } from './log.ts';

/** Longest text, in characters. */
const longest = 60;

/** The path of a program, the name of a variable, or data that are text; undefined where there is none of them. */
export function meaningOf({ claimedType, claimedData }: LogEvent): string | undefined {
  const text = readerOf(claimedType)(claimedData);
  return text !== undefined && text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function readerOf(type: number): (data: Bytes) => string | undefined {
  switch (type) {
    case eventType.efiBootServicesApplication:
    case eventType.efiBootServicesDriver:
    case eventType.efiRuntimeServicesDriver:
      return claimedPath;
    case eventType.efiVariableDriverConfig:
    case eventType.efiVariableBoot:
    case eventType.efiVariableBoot2:
    case eventType.efiVariableAuthority:
      return variableName;
    default:
      return textOf;
  }
}

const variableName = (data: Bytes): string | undefined => attempted(() => decode(EfiVariable, data).name);

/** Data that are text of one or two bytes a character, and nothing else. */
export function textOf(data: Bytes): string | undefined {
  for (const read of [(): string => fromUtf8(data).replace(/\0+$/, ''), (): string => utf16Trimmed(data)]) {
    const text = attempted(read);
    if (text !== undefined && text.length >= 4 && /^[\x20-\x7e\n\t]+$/.test(text)) return text;
  }
  return undefined;
}

function attempted(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
