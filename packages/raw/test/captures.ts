import { type CapturedPacket as FilePacket, MalformedCaptureError, readPacketsSync } from '@sockeye/capture';
import { captureFiles, readCapture } from '../../capture/test/judges.ts';

export { haveCaptures, NO_CAPTURES } from '../../capture/test/judges.ts';

export interface CapturedPacket extends Pick<FilePacket, 'number' | 'linkType' | 'data' | 'wireLength'> {
  readonly file: string;
}

/** The packets of all captures, up to where a file is damaged. */
export function* capturedPackets(): Generator<CapturedPacket> {
  for (const file of captureFiles()) {
    try {
      for (const { number, linkType, data, wireLength } of readPacketsSync([readCapture(file)])) {
        yield { file, number, linkType, wireLength, data: Uint8Array.from(data) };
      }
    } catch (error) {
      if (!(error instanceof MalformedCaptureError)) throw error;
    }
  }
}
